import type { FastifyRequest } from 'fastify';

import { isLoopback } from '../../config/cidr.js';

/**
 * From a loopback address, to a loopback name, and not sent by a page of another site that the operator has open:
 * without a key, nothing else tells the operator from his browser.
 */
export function isOwnMachine({ headers, socket }: Pick<FastifyRequest, 'headers' | 'socket'>): boolean {
  const { host = '', origin } = headers;
  if (!isLoopback(socket.remoteAddress ?? '') || !isLoopbackHost(host)) return false;
  return origin === undefined || origin === `http://${host}`;
}

function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '');
  return name === 'localhost' || isLoopback(name.replace(/^\[|\]$/g, ''));
}

import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * The address a request comes from: that of the connection, or what the outermost of `trustProxies` proxies wrote into
 * X-Forwarded-For. Fewer entries than proxies, or one that is no address: the connection's, which nobody can invent.
 */
export function clientAddress(
  headers: IncomingHttpHeaders,
  remoteAddress: string | undefined,
  trustProxies: number,
): string {
  const remote = remoteAddress ?? '';
  if (trustProxies === 0) return remote;
  const header = headers['x-forwarded-for'];
  const entries = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',');
  const entry = entries[entries.length - trustProxies]?.trim() ?? '';
  const address =
    /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ?? entry.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
  return isIP(address) === 0 ? remote : address;
}

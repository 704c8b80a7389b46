import type { IncomingMessage } from 'node:http';

import { serviceLimits } from '../../config/limits.js';
import type { HttpTarget, TargetResult } from './http-target.js';

/**
 * Where a redirect may lead (RFC 9110 15.4), or why not; the address behind it is checked like any other.
 *
 * To the service's own host and port, or to a host that the operator lists, never from https to http. GET follows any
 * redirect; other methods only 307 and 308, which keep method and body, and 303, which asks for a GET.
 */
export function redirectTarget(
  from: HttpTarget,
  response: Pick<IncomingMessage, 'statusCode' | 'headers'>,
  base: URL,
  allowHosts: readonly string[],
): TargetResult {
  const { location } = response.headers;
  const status = response.statusCode ?? 0;
  if (
    location === undefined ||
    location.length > serviceLimits.urlCharacters ||
    !URL.canParse(location, from.url.href)
  )
    return wrong(`the redirect ${status} names no usable place`);
  const url = new URL(location, from.url.href);
  url.hash = '';
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return wrong('a redirect leads to another protocol');
  if (url.protocol === 'http:' && from.url.protocol === 'https:')
    return wrong('a redirect leads from https to http');
  if (url.username !== '' || url.password !== '') return wrong('a redirect holds credentials');
  if (!isOwn(url, base) && !allowHosts.some((host) => names(host, url)))
    return wrong(`a redirect leads to ${url.host}; list it in allowHosts if it is meant`);
  if (from.method === 'GET' || status === 307 || status === 308)
    return { ok: true, target: { ...from, url } };
  if (status === 303) return { ok: true, target: { method: 'GET', url, body: null } };
  return wrong(`the redirect ${status} would lose the body of a ${from.method}`);
}

function wrong(reason: string): TargetResult {
  return { ok: false, reason };
}

/** Same host and port, or the usual port of https instead of that of http. */
function isOwn(url: URL, base: URL): boolean {
  return url.host === base.host || (url.hostname === base.hostname && url.port === '' && base.port === '');
}

/** `host` stands for the usual port, `host:port` for that one. */
function names(allowed: string, url: URL): boolean {
  return allowed === url.host || allowed === `${url.hostname}:${url.port || usualPort(url)}`;
}

function usualPort(url: URL): string {
  return url.protocol === 'https:' ? '443' : '80';
}

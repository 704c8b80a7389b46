import { serviceLimits } from '../../config/limits.js';
import type { Value, ValueMap } from '../../dialog/value.js';
import type { CallRequest } from './attempt.js';

/** A request ready to be sent. */
export interface HttpTarget {
  readonly method: string;
  readonly url: URL;
  /** JSON, or null for none. */
  readonly body: Buffer | null;
}

export type TargetResult =
  { readonly ok: true; readonly target: HttpTarget } | { readonly ok: false; readonly reason: string };

/** Layers of percent-encoding that are looked through: what a sloppy service might decode twice. */
const encodingLayers = 3;

/** Puts the path and the input of a call below the service's base URL, or says why that is not allowed. */
export function toHttpTarget(base: URL, request: CallRequest): TargetResult {
  const { operation, input } = request;
  if (operation.type !== 'http')
    return wrong('it is an HTTP service, and the tree asks it for a gRPC method');
  const { method, path } = operation;
  const reason = unsafePath(path);
  if (reason) return wrong(`the path ${reason}`);
  const url = new URL(`${base.origin}${basePath(base)}${path}`);
  if (url.origin !== base.origin || !url.pathname.startsWith(`${basePath(base)}/`))
    return wrong('the path leaves the URL of the service');
  if (method === 'GET' || method === 'DELETE') {
    const bad = addQuery(url, input);
    if (bad !== null) return wrong(`the input "${bad}" is no plain value, which a query needs`);
    if (url.href.length > serviceLimits.urlCharacters) return wrong('the URL becomes too long');
    return { ok: true, target: { method, url, body: null } };
  }
  if (url.href.length > serviceLimits.urlCharacters) return wrong('the URL becomes too long');
  const body = Buffer.from(JSON.stringify(input));
  if (body.length > serviceLimits.requestBytes) return wrong('the input is too large');
  return { ok: true, target: { method, url, body } };
}

function wrong(reason: string): TargetResult {
  return { ok: false, reason };
}

/** The base's path without the slash at its end. */
function basePath(base: URL): string {
  return base.pathname.replace(/\/$/, '');
}

function unsafePath(path: string): string | null {
  if (path.length > serviceLimits.urlCharacters) return 'is too long';
  if (!path.startsWith('/') || path.startsWith('//')) return 'does not start with one "/"';
  if (!/^[\x21-\x7e]*$/.test(path)) return 'holds characters that are not percent-encoded';
  if (/[\\#]/.test(path)) return 'holds "\\" or "#"';
  const [segments = ''] = path.split('?', 1);
  let decoded = segments;
  for (let layer = 0; layer <= encodingLayers; layer++) {
    if (/\p{Cc}/u.test(decoded)) return 'holds control characters';
    if (decoded.split(/[/\\]/).some((segment) => segment === '.' || segment === '..'))
      return 'holds "." or ".." as a segment';
    const next = percentDecoded(decoded);
    if (next === null) return layer === 0 ? 'holds a broken percent-encoding' : null;
    decoded = next;
  }
  return null;
}

function percentDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Lists repeat their key, null is left out; returns the key of the first value that has no place in a query. */
function addQuery(url: URL, input: ValueMap): string | null {
  for (const [key, value] of Object.entries(input)) {
    for (const item of Array.isArray(value) ? (value as readonly Value[]) : [value]) {
      if (item === null) continue;
      if (typeof item === 'object') return key;
      url.searchParams.append(key, String(item));
    }
  }
  return null;
}

import { createHash, timingSafeEqual } from 'node:crypto';

import type { Secret } from '../../config/secret.js';

/**
 * Checks API keys of requests.
 *
 * `Authorization: Bearer KEY` (RFC 6750 2.1) is for programs. A browser cannot send it for a page, so that reading
 * (GET, HEAD) also takes `Basic` (RFC 7617) with the key as password; writing does not, because browsers add Basic
 * credentials to requests that other sites forge.
 */
export class ApiKeyGuard {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly Secret[]) {
    this.#digests = keys.map((key) => digest(key.reveal()));
  }

  /** False when no key is configured: then everyone may enter. */
  get required(): boolean {
    return this.#digests.length > 0;
  }

  /** Value of WWW-Authenticate in a 401 (RFC 9110 11.6.1). */
  readonly challenge = 'Basic realm="Parley", charset="UTF-8", Bearer realm="Parley"';

  allows(method: string, authorization: string | undefined): boolean {
    if (!this.required) return true;
    const presented = readKey(method, authorization ?? '');
    return presented !== null && this.#isKnown(presented);
  }

  /** Compares digests of equal length with every key, so that the time taken tells nothing about any of them. */
  #isKnown(presented: string): boolean {
    const candidate = digest(presented);
    let known = false;
    for (const expected of this.#digests) known = timingSafeEqual(candidate, expected) || known;
    return known;
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}

function readKey(method: string, authorization: string): string | null {
  const match = /^(Bearer|Basic) +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(authorization);
  const [, scheme = '', credentials = ''] = match ?? [];
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme === '' || (method !== 'GET' && method !== 'HEAD')) return null;
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(colon + 1);
}

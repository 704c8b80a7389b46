import { createHash, timingSafeEqual } from 'node:crypto';

import { namelessKey } from '../../config/key-checks.js';
import { apiLimits } from '../../config/limits.js';
import type { Config } from '../../config/schema.js';
import type { Secret } from '../../config/secret.js';
import type { ApiScope } from '../../config/sections/operation.js';
import { RequestRate } from './request-rate.js';

/** Who sends a request, as its key says. */
export interface ApiCaller {
  /** Of the key; `api` for keys without a name, and where no key is configured. */
  readonly name: string;
  /** The only tenant it sees; null: every one. */
  readonly tenant: string | null;
  /** Null: it may do everything. */
  readonly scopes: ReadonlySet<ApiScope> | null;
  readonly rate: RequestRate;
}

export interface ApiKeySettings {
  /** Keys that may do everything. */
  readonly apiKeys: readonly Secret[];
  readonly keys?: Config['security']['keys'];
  /** For keys that have no number of their own. */
  readonly requestsPer10s?: number;
}

interface Known {
  readonly digest: Buffer;
  readonly caller: ApiCaller;
}

/**
 * Tells by their key who sends a request.
 *
 * `Authorization: Bearer KEY` (RFC 6750 2.1) is for programs. A browser cannot send it for a page, so that reading
 * (GET, HEAD) also takes `Basic` (RFC 7617) with the key as password; writing does not, because browsers add Basic
 * credentials to requests that other sites forge.
 */
export class ApiKeyGuard {
  readonly #known: readonly Known[];
  readonly #anyone: ApiCaller;

  constructor({ apiKeys, keys = [], requestsPer10s = apiLimits.requestsPer10s }: ApiKeySettings) {
    const full = (): ApiCaller => ({
      name: namelessKey,
      tenant: null,
      scopes: null,
      rate: new RequestRate(requestsPer10s),
    });
    this.#anyone = full();
    this.#known = [
      ...apiKeys.map((key) => ({ digest: digest(key.reveal()), caller: full() })),
      ...keys.map((entry) => ({
        digest: digest(entry.key.reveal()),
        caller: {
          name: entry.name,
          tenant: entry.tenant,
          scopes: new Set(entry.scopes),
          rate: new RequestRate(entry.requestsPer10s ?? requestsPer10s),
        },
      })),
    ];
  }

  /** False when no key is configured: then everyone may enter. */
  get required(): boolean {
    return this.#known.length > 0;
  }

  /** Value of WWW-Authenticate in a 401 (RFC 9110 11.6.1). */
  readonly challenge = 'Basic realm="Parley", charset="UTF-8", Bearer realm="Parley"';

  /** Null: nobody that is known. */
  identify(method: string, authorization: string | undefined): ApiCaller | null {
    if (!this.required) return this.#anyone;
    const presented = readKey(method, authorization ?? '');
    return presented === null ? null : this.#callerWith(presented);
  }

  /** Compares digests of equal length with every key, so that the time taken tells nothing about any of them. */
  #callerWith(presented: string): ApiCaller | null {
    const candidate = digest(presented);
    let found: ApiCaller | null = null;
    for (const { digest: expected, caller } of this.#known)
      found = timingSafeEqual(candidate, expected) ? caller : found;
    return found;
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

import {
  createLocalJWKSet,
  errors,
  type CryptoKey,
  type JSONWebKeySet,
  type JWTHeaderParameters,
} from 'jose';

import type { Clock } from '../../config/clock.js';
import { tokenLimits } from '../../config/limits.js';

/** Reads a JWKS document; bounded in time and size, rejects when it cannot. */
export type FetchKeys = (url: string) => Promise<unknown>;

/** The keys cannot be read now: nothing can be said of a token. */
export class KeysUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeysUnavailable';
  }
}

type KeySet = ReturnType<typeof createLocalJWKSet>;

/**
 * The public keys of an issuer (RFC 7517), kept for a while.
 *
 * A key that is not known makes it read them again, because issuers change theirs, but no more often than the cool-down
 * allows; after a failure it waits a little, too. Those who ask meanwhile share one request.
 */
export class JwksKeys {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #fetchKeys: FetchKeys;
  #keys: KeySet | null = null;
  #readAtMs = -Infinity;
  #failedAtMs = -Infinity;
  #reading: Promise<KeySet> | null = null;

  constructor(url: string, clock: Clock, fetchKeys: FetchKeys = fetchJwks) {
    this.#url = url;
    this.#clock = clock;
    this.#fetchKeys = fetchKeys;
  }

  /** For `jwtVerify`. Rejects with KeysUnavailable, or with jose's JWKSNoMatchingKey. */
  readonly find = async (header: JWTHeaderParameters): Promise<CryptoKey> => {
    const keys = await this.#fresh();
    try {
      return await keys(header);
    } catch (err) {
      if (!(err instanceof errors.JWKSNoMatchingKey)) throw err;
    }
    if (keys === this.#keys && this.#clock.nowMs() < this.#readAtMs + tokenLimits.jwksCoolDownMs)
      throw new KeysUnavailable('the key is not known, and the keys were read a moment ago');
    return (await this.#read())(header);
  };

  #fresh(): Promise<KeySet> {
    const fresh = this.#clock.nowMs() < this.#readAtMs + tokenLimits.jwksFreshMs;
    return this.#keys && fresh ? Promise.resolve(this.#keys) : this.#read();
  }

  #read(): Promise<KeySet> {
    if (this.#clock.nowMs() < this.#failedAtMs + tokenLimits.jwksRetryMs)
      return Promise.reject(new KeysUnavailable('the keys could not be read a moment ago'));
    this.#reading ??= this.#readNow().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readNow(): Promise<KeySet> {
    try {
      this.#keys = createLocalJWKSet((await this.#fetchKeys(this.#url)) as JSONWebKeySet);
      this.#readAtMs = this.#clock.nowMs();
      return this.#keys;
    } catch (err) {
      this.#failedAtMs = this.#clock.nowMs();
      throw new KeysUnavailable('the keys of the issuer cannot be read', { cause: err });
    }
  }
}

/** GET without redirects. */
export async function fetchJwks(url: string): Promise<unknown> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(tokenLimits.jwksMs),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (response.status !== 200 || !response.body)
    throw new Error(`the issuer answered ${response.status} for its keys`);
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > tokenLimits.jwksBytes)
      throw new Error(`the keys have more than ${tokenLimits.jwksBytes} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

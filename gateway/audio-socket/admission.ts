import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { Secret } from '../../config/secret.js';

export interface AdmissionSettings {
  /** Open this socket, as a header or in the query. */
  readonly tokens: readonly Secret[];
  /** Open it as a header only: what stands in a URL ends up in the logs of proxies. */
  readonly apiKeys: readonly Secret[];
  readonly twilioAuthToken: Secret | null;
  /** What a signature covers, without the query; null: made of the Host header. */
  readonly publicUrl: string | null;
}

/** `refused` says why, for the client. */
export type Admission =
  { readonly ok: true } | { readonly ok: false; readonly status: 401 | 403; readonly refused: string };

const admitted: Admission = { ok: true };

/** Decides who may open an audio socket: by token, by API key, by Twilio's signature, or everyone where none is set. */
export class AdmissionGuard {
  readonly #tokens: readonly Buffer[];
  readonly #headerKeys: readonly Buffer[];
  readonly #settings: AdmissionSettings;

  constructor(settings: AdmissionSettings) {
    this.#settings = settings;
    this.#tokens = settings.tokens.map((token) => digest(token.reveal()));
    this.#headerKeys = [...this.#tokens, ...settings.apiKeys.map((key) => digest(key.reveal()))];
  }

  /** False when nothing is configured. */
  get required(): boolean {
    return this.#headerKeys.length > 0 || this.#settings.twilioAuthToken !== null;
  }

  check(request: IncomingMessage, url: URL): Admission {
    if (!this.required) return checkOrigin(request);
    const bearer = /^Bearer +([\x21-\x7e]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined && isOneOf(bearer, this.#headerKeys)) return admitted;
    const token = url.searchParams.get('token');
    if (token !== null && isOneOf(token, this.#tokens)) return admitted;
    if (this.#isSigned(request, url)) return admitted;
    const refused = 'send a key: Authorization: Bearer KEY, or ?token=KEY';
    return { ok: false, status: 401, refused };
  }

  /**
   * X-Twilio-Signature: Base64 of HMAC-SHA1 over the URL with the account's auth token as key
   * (https://www.twilio.com/docs/usage/security).
   */
  #isSigned(request: IncomingMessage, url: URL): boolean {
    const { publicUrl, twilioAuthToken } = this.#settings;
    const signature = request.headers['x-twilio-signature'];
    if (twilioAuthToken === null || typeof signature !== 'string') return false;
    const base = publicUrl ?? `wss://${request.headers.host ?? ''}${url.pathname}`;
    const raw = request.url ?? '';
    // As it was sent: what a URL parser writes again may differ from what was signed.
    const query = raw.includes('?') ? raw.slice(raw.indexOf('?')) : '';
    const presented = Buffer.from(signature, 'base64');
    let right = false;
    for (const candidate of [`${base}${query}`, `${base}/${query}`]) {
      const expected = createHmac('sha1', twilioAuthToken.reveal()).update(candidate, 'utf8').digest();
      right = (presented.length === expected.length && timingSafeEqual(presented, expected)) || right;
    }
    return right;
  }
}

/**
 * Where everyone may enter, pages of other sites may not: browsers let any page open a WebSocket to any host, this
 * machine included, and name the page's site in Origin (RFC 6455 10.2).
 */
function checkOrigin({ headers }: IncomingMessage): Admission {
  const { host, origin } = headers;
  if (origin === undefined || hostOf(origin) === host) return admitted;
  const refused = 'pages of other sites need a key: set audioSocket.tokens and send ?token=';
  return { ok: false, status: 403, refused };
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}

/** Compares digests of equal length with every key, so that the time taken tells nothing about any of them. */
function isOneOf(presented: string, digests: readonly Buffer[]): boolean {
  const candidate = digest(presented);
  let known = false;
  for (const expected of digests) known = timingSafeEqual(candidate, expected) || known;
  return known;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

import { createHash } from 'node:crypto';
import { getHeaders, isToken, quote, splitOutsideQuotes, unquote } from './header-fields.js';
import type { SipResponse } from './message.js';

/** A user name and password for one or any realm. */
export interface SipCredentials {
  readonly username: string;
  readonly password: string;
  /** Answer only challenges of this realm; any when left out. */
  readonly realm?: string;
}

/** A Digest challenge (RFC 7616 3.3, RFC 3261 22.4). */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess';
  readonly opaque: string | null;
  /** Whether the server knows `qop=auth`; else the computation is that of RFC 2069. */
  readonly qopAuth: boolean;
  readonly stale: boolean;
}

const algorithms: Readonly<Record<string, DigestChallenge['algorithm']>> = {
  md5: 'MD5',
  'md5-sess': 'MD5-sess',
  'sha-256': 'SHA-256',
  'sha-256-sess': 'SHA-256-sess',
};

/** Parses one WWW-Authenticate or Proxy-Authenticate value; null where it is not a Digest we can compute. */
export function parseChallenge(value: string): DigestChallenge | null {
  const scheme = /^digest[ \t]+/i.exec(value);
  const parts = scheme ? splitOutsideQuotes(value.slice(scheme[0].length), ',') : null;
  if (!parts) return null;
  const fields = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (isToken(name) && !fields.has(name)) fields.set(name, unquote(part.slice(equals + 1).trim()));
  }
  const realm = fields.get('realm');
  const nonce = fields.get('nonce');
  const algorithm = algorithms[(fields.get('algorithm') ?? 'md5').toLowerCase()];
  const qop = fields.get('qop')?.toLowerCase().split(',');
  const qopAuth = qop?.some((option) => option.trim() === 'auth') ?? false;
  // A server that offers auth-int alone asks for what RFC 3261 22.4 makes optional.
  if (realm === undefined || nonce === undefined || !algorithm || (qop && !qopAuth)) return null;
  const stale = fields.get('stale')?.toLowerCase() === 'true';
  return { realm, nonce, algorithm, opaque: fields.get('opaque') ?? null, qopAuth, stale };
}

/** What the answer depends on besides the challenge. */
export interface DigestRequest {
  readonly method: string;
  readonly uri: string;
  /** Client nonce, hexadecimal. */
  readonly cnonce: string;
  /** How often this nonce was used, from 1. */
  readonly nonceCount: number;
}

/** The value of Authorization or Proxy-Authorization (RFC 7616 3.4). */
export function answerChallenge(
  challenge: DigestChallenge,
  credentials: SipCredentials,
  request: DigestRequest,
): string {
  const { realm, nonce, algorithm, opaque, qopAuth } = challenge;
  const count = request.nonceCount.toString(16).padStart(8, '0');
  const fields = [
    `username=${quote(credentials.username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(request.uri)}`,
    `response="${digestResponse(challenge, credentials, request, count)}"`,
    `algorithm=${algorithm}`,
  ];
  if (qopAuth || algorithm.endsWith('-sess')) fields.push(`cnonce="${request.cnonce}"`);
  if (qopAuth) fields.push('qop=auth', `nc=${count}`);
  if (opaque !== null) fields.push(`opaque=${quote(opaque)}`);
  return `Digest ${fields.join(', ')}`;
}

function digestResponse(
  { realm, nonce, algorithm, qopAuth }: DigestChallenge,
  { username, password }: SipCredentials,
  { method, uri, cnonce }: DigestRequest,
  count: string,
): string {
  const name = algorithm.startsWith('SHA-256') ? 'sha256' : 'md5';
  const hash = (text: string): string => createHash(name).update(text, 'utf8').digest('hex');
  const secret = hash(`${username}:${realm}:${password}`);
  const a1 = algorithm.endsWith('-sess') ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const a2 = hash(`${method}:${uri}`);
  return qopAuth ? hash(`${a1}:${nonce}:${count}:${cnonce}:auth:${a2}`) : hash(`${a1}:${nonce}:${a2}`);
}

/** A challenge to answer and the header field the answer belongs in. */
export interface PendingChallenge {
  readonly challenge: DigestChallenge;
  readonly answerHeader: 'Authorization' | 'Proxy-Authorization';
}

/** The first challenge of a 401 or 407 that can be answered (RFC 8760 2.4: the server's order is its preference). */
export function findChallenge(response: SipResponse, credentials: SipCredentials): PendingChallenge | null {
  const proxy = response.status === 407;
  for (const { value } of getHeaders(response, proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate')) {
    const challenge = parseChallenge(value);
    if (challenge && (credentials.realm === undefined || credentials.realm === challenge.realm))
      return { challenge, answerHeader: proxy ? 'Proxy-Authorization' : 'Authorization' };
  }
  return null;
}

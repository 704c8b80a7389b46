import type { SipHeader, SipMessage } from './message.js';

/** Parameters of a header field or URI, in wire order; names in lower case, null where there is no `=value`. */
export type SipParameters = ReadonlyMap<string, string | null>;

const canonicalNames = new Map<string, string>();
for (const name of [
  'Call-ID',
  'CSeq',
  'MIME-Version',
  'WWW-Authenticate',
  'RAck',
  'RSeq',
  'Min-SE',
  'SIP-ETag',
])
  canonicalNames.set(name.toLowerCase(), name);
/** Compact forms: RFC 3261 7.3.3 and 20, RFC 3515, 3892, 4028, 6665 and their registry. */
const compactForms: Readonly<Record<string, string>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  d: 'Request-Disposition',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  j: 'Reject-Contact',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
  y: 'Identity',
};
for (const [compact, name] of Object.entries(compactForms)) canonicalNames.set(compact, name);

const tokenPattern = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

/** Whether `text` is a `token` (RFC 3261 25.1). */
export function isToken(text: string): boolean {
  return tokenPattern.test(text);
}

/** The one spelling used in `SipHeader.name`: compact forms expanded, words capitalised ("x-my-id" is "X-My-Id"). */
export function canonicalHeaderName(name: string): string {
  const lower = name.toLowerCase();
  return canonicalNames.get(lower) ?? lower.replace(/(^|-)[a-z]/g, (match) => match.toUpperCase());
}

/** The first field's value, or null; `name` in its canonical spelling. */
export function getHeader(message: SipMessage, name: string): string | null {
  for (const header of message.headers) if (header.name === name) return header.value;
  return null;
}

/** The fields of that name in wire order, not split at commas. */
export function getHeaders(message: SipMessage, name: string): readonly SipHeader[] {
  return message.headers.filter((header) => header.name === name);
}

/**
 * Splits at `separator` outside quoted strings and angle brackets; parts are trimmed.
 *
 * Returns null when a quote or bracket is left open.
 */
export function splitOutsideQuotes(text: string, separator: ',' | ';' | ' '): string[] | null {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let bracketed = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character === '\\') i++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '<') bracketed = true;
    else if (character === '>') bracketed = false;
    else if (character === separator && !bracketed) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  if (quoted || bracketed) return null;
  parts.push(text.slice(start).trim());
  return parts;
}

/** All values of a comma-separated header over all its fields, empty ones left out; null on an open quote or bracket. */
function getList(message: SipMessage, name: string): string[] | null {
  const values: string[] = [];
  for (const header of message.headers) {
    if (header.name !== name) continue;
    const parts = splitOutsideQuotes(header.value, ',');
    if (!parts) return null;
    for (const part of parts) if (part !== '') values.push(part);
  }
  return values;
}

/** Option tags or methods of a header such as Supported, Require or Allow; tags in lower case unless `keepCase`. */
export function getTokens(message: SipMessage, name: string, keepCase = false): ReadonlySet<string> {
  const tokens = getList(message, name) ?? [];
  return new Set(keepCase ? tokens : tokens.map((token) => token.toLowerCase()));
}

/** Removes the quotes and escapes of a quoted-string; other text is returned as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/gs, '$1');
}

/** Makes a quoted-string (RFC 3261 25.1). */
export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** Parses `;a=b;c` (the leading semicolon optional); null on a malformed name or an open quote. */
export function parseParameters(text: string): SipParameters | null {
  const parameters = new Map<string, string | null>();
  const parts = splitOutsideQuotes(text, ';');
  if (!parts) return null;
  for (const part of parts) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (!isToken(name)) return null;
    if (!parameters.has(name)) parameters.set(name, equals < 0 ? null : part.slice(equals + 1).trim());
  }
  return parameters;
}

/** The inverse of `parseParameters`, with a leading semicolon where there is any. */
export function formatParameters(parameters: SipParameters): string {
  let text = '';
  for (const [name, value] of parameters) text += value === null ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** RFC 3261 20.16: the number is 0 to 2^31 - 1. */
export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** Parses a CSeq value; null where it is not one. */
export function parseCSeq(value: string): CSeq | null {
  const match = /^(\d{1,10})[ \t]+(\S+)$/.exec(value);
  if (!match) return null;
  const number = Number(match[1]);
  const method = match[2] ?? '';
  return number < 2 ** 31 && isToken(method) ? { number, method } : null;
}

/** The CSeq of a message that passed the parser (which has checked that it is there and well formed). */
export function getCSeq(message: SipMessage): CSeq {
  return parseCSeq(getHeader(message, 'CSeq') ?? '') ?? { number: 0, method: '' };
}

/** A non-negative decimal integer of at most nine digits, or null. */
export function parseInteger(value: string): number | null {
  return /^\d{1,9}$/.test(value) ? Number(value) : null;
}

/** The media type of the body in lower case without parameters, or null where there is no Content-Type. */
export function getContentType(message: SipMessage): string | null {
  const value = getHeader(message, 'Content-Type');
  return value === null ? null : (value.split(';', 1)[0] ?? '').trim().toLowerCase();
}

import { isIPv6 } from 'node:net';
import {
  formatParameters,
  parseParameters,
  type SipParameters,
  splitOutsideQuotes,
  unquote,
} from './header-fields.js';

/** A sip, sips (RFC 3261 19.1) or tel (RFC 3966) URI. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips' | 'tel';
  /** Still percent-encoded; with `:password` where there was one; the number of a tel URI; null where absent. */
  readonly user: string | null;
  /** Lower case, an IPv6 address without its brackets; empty for tel. */
  readonly host: string;
  readonly port: number | null;
  readonly parameters: SipParameters;
  /** The text after `?`, or null. */
  readonly headers: string | null;
}

/** A host and an optional port as in sent-by and hostport (RFC 3261 25.1). */
export interface HostPort {
  readonly host: string;
  readonly port: number | null;
}

const hostPortPattern = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9][A-Za-z0-9\-._]*))[ \t]*(?::[ \t]*(\d{1,5}))?$/;
const userPattern = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/:]|%[0-9A-Fa-f]{2})+$/;
const uriTextPattern = /^[^\s<>"\p{Cc}]*$/u;

/** Parses `host`, `host:port` or `[ipv6]:port`; null where it is none of these or the port is 0 or above 65535. */
export function parseHostPort(text: string): HostPort | null {
  const match = hostPortPattern.exec(text);
  if (!match) return null;
  if (match[1] !== undefined && !isIPv6(match[1])) return null;
  const port = match[3] === undefined ? null : Number(match[3]);
  if (port !== null && (port === 0 || port > 65_535)) return null;
  return { host: (match[1] ?? match[2] ?? '').toLowerCase(), port };
}

/** The inverse of `parseHostPort`. */
export function formatHostPort({ host, port }: HostPort): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return port === null ? bracketed : `${bracketed}:${port}`;
}

/** Parses a sip, sips or tel URI; null for other schemes and for malformed ones. */
export function parseUri(text: string): SipUri | null {
  if (!uriTextPattern.test(text)) return null;
  const colon = text.indexOf(':');
  const scheme = text.slice(0, colon).toLowerCase();
  const rest = text.slice(colon + 1);
  if (scheme === 'tel') return parseTel(rest);
  return scheme === 'sip' || scheme === 'sips' ? parseSip(scheme, rest) : null;
}

function parseTel(rest: string): SipUri | null {
  const semicolon = rest.indexOf(';');
  const number = semicolon < 0 ? rest : rest.slice(0, semicolon);
  const parameters = parseParameters(semicolon < 0 ? '' : rest.slice(semicolon));
  if (!parameters || !/^\+?[0-9A-Fa-f*#\-.()]+$/.test(number)) return null;
  return { scheme: 'tel', user: number, host: '', port: null, parameters, headers: null };
}

function parseSip(scheme: 'sip' | 'sips', rest: string): SipUri | null {
  // A user part may hold ';' and '?' but no '@', so the last '@' before any header part ends it (RFC 3261 19.1.2).
  const at = rest.indexOf('@');
  const user = at < 0 ? null : rest.slice(0, at);
  if (user !== null && !userPattern.test(user)) return null;
  const afterUser = rest.slice(at + 1);
  const question = afterUser.indexOf('?');
  const beforeHeaders = question < 0 ? afterUser : afterUser.slice(0, question);
  const semicolon = beforeHeaders.indexOf(';');
  const hostPort = parseHostPort(semicolon < 0 ? beforeHeaders : beforeHeaders.slice(0, semicolon));
  const parameters = parseParameters(semicolon < 0 ? '' : beforeHeaders.slice(semicolon));
  if (!hostPort || !parameters) return null;
  const headers = question < 0 ? null : afterUser.slice(question + 1);
  return { scheme, user, host: hostPort.host, port: hostPort.port, parameters, headers };
}

/** The inverse of `parseUri`. */
export function formatUri(uri: SipUri): string {
  if (uri.scheme === 'tel') return `tel:${uri.user ?? ''}${formatParameters(uri.parameters)}`;
  const user = uri.user === null ? '' : `${uri.user}@`;
  const headers = uri.headers === null ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${user}${formatHostPort(uri)}${formatParameters(uri.parameters)}${headers}`;
}

/** The value of From, To, Contact, Route and the like (RFC 3261 20.10, 20.20): one name-addr or addr-spec. */
export interface NameAddress {
  readonly displayName: string | null;
  /** As written between the brackets; any scheme. */
  readonly uri: string;
  /** Parameters of the header field, not of the URI. */
  readonly parameters: SipParameters;
}

const schemePattern = /^[A-Za-z][A-Za-z0-9+\-.]*:\S/;

/** Parses one name-addr or addr-spec with its parameters; null where malformed. */
export function parseNameAddress(value: string): NameAddress | null {
  const open = firstBracket(value);
  if (open < 0) return parseBareAddress(value);
  const close = value.indexOf('>', open);
  const before = value.slice(0, open).trim();
  const uri = value.slice(open + 1, close).trim();
  const after = value.slice(close + 1).trim();
  const parameters = after === '' || after.startsWith(';') ? parseParameters(after) : null;
  if (close < 0 || !parameters || !schemePattern.test(uri) || !uriTextPattern.test(uri)) return null;
  return { displayName: before === '' ? null : unquote(before), uri, parameters };
}

/** Without brackets everything from the first semicolon on belongs to the header field (RFC 3261 20.10). */
function parseBareAddress(value: string): NameAddress | null {
  const semicolon = value.indexOf(';');
  const uri = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  const parameters = parseParameters(semicolon < 0 ? '' : value.slice(semicolon));
  if (!parameters || !schemePattern.test(uri) || !uriTextPattern.test(uri)) return null;
  return { displayName: null, uri, parameters };
}

function firstBracket(value: string): number {
  for (let i = 0, quoted = false; i < value.length; i++) {
    const character = value[i];
    if (quoted && character === '\\') i++;
    else if (character === '"') quoted = !quoted;
    else if (character === '<' && !quoted) return i;
  }
  return -1;
}

/** The addresses of a comma-separated list such as Record-Route; null where one is malformed. */
export function parseNameAddressList(values: readonly string[]): NameAddress[] | null {
  const addresses: NameAddress[] = [];
  for (const value of values) {
    for (const part of splitOutsideQuotes(value, ',') ?? ['']) {
      const address = parseNameAddress(part);
      if (!address) return null;
      addresses.push(address);
    }
  }
  return addresses;
}

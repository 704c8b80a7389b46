import {
  formatParameters,
  getHeader,
  isToken,
  parseParameters,
  type SipParameters,
  splitOutsideQuotes,
} from './header-fields.js';
import type { SipMessage, SipRequest } from './message.js';
import { formatHostPort, parseHostPort } from './uri.js';
import type { SipRemote } from './user-agent-api.js';

/** One Via value (RFC 3261 20.42). */
export interface Via {
  /** Upper case: UDP, TCP, … */
  readonly transport: string;
  readonly host: string;
  readonly port: number | null;
  readonly parameters: SipParameters;
}

/** A branch that begins so is unique across space and time (RFC 3261 8.1.1.7). */
export const branchMagicCookie = 'z9hG4bK';

const sentProtocolPattern = /^SIP[ \t]*\/[ \t]*2\.0[ \t]*\/[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]+(.+)$/i;

/** Parses one Via value; null where malformed. */
export function parseVia(value: string): Via | null {
  const match = sentProtocolPattern.exec(value);
  if (!match) return null;
  const rest = match[2] ?? '';
  const semicolon = rest.indexOf(';');
  const sentBy = parseHostPort((semicolon < 0 ? rest : rest.slice(0, semicolon)).trim());
  const parameters = parseParameters(semicolon < 0 ? '' : rest.slice(semicolon));
  if (!sentBy || !parameters) return null;
  const branch = parameters.get('branch');
  if (branch !== undefined && (branch === null || !isToken(branch))) return null;
  return { transport: (match[1] ?? '').toUpperCase(), host: sentBy.host, port: sentBy.port, parameters };
}

/** The inverse of `parseVia`. */
export function formatVia(via: Via): string {
  return `SIP/2.0/${via.transport} ${formatHostPort(via)}${formatParameters(via.parameters)}`;
}

/** The topmost Via value, or null where there is none or it is malformed. */
export function topVia(message: SipMessage): Via | null {
  const value = getHeader(message, 'Via');
  const first = value === null ? null : splitOutsideQuotes(value, ',')?.[0];
  return first ? parseVia(first) : null;
}

/**
 * Notes in the topmost Via where the request really came from.
 *
 * `received` is added where sent-by is another host (RFC 3261 18.2.1) and always together with `rport`
 * (RFC 3581 4), which is filled in where the client asked for it.
 */
export function stampReceived(request: SipRequest, remote: SipRemote): void {
  const index = request.headers.findIndex((header) => header.name === 'Via');
  const parts = splitOutsideQuotes(request.headers[index]?.value ?? '', ',') ?? [];
  const via = parseVia(parts[0] ?? '');
  if (!via) return;
  const parameters = new Map(via.parameters);
  const wantsPort = parameters.has('rport');
  // A client cannot tell us its own source address: what it wrote there would steer our response.
  parameters.delete('received');
  if (wantsPort) parameters.set('rport', String(remote.port));
  if (wantsPort || via.host !== remote.address) parameters.set('received', remote.address);
  parts[0] = formatVia({ ...via, parameters });
  request.headers[index] = { name: 'Via', value: parts.join(', ') };
}

/**
 * Where a response goes (RFC 3261 18.2.2, RFC 3581 4): the source port where `rport` was asked for or the transport
 * is a connection, else the port of sent-by at the source address.
 *
 * `maddr` is ignored: honouring it would let anyone aim our responses at a third party.
 */
export function responseRemote(via: Via, source: SipRemote): SipRemote {
  if (source.transport === 'tcp' || via.parameters.has('rport')) return source;
  return { ...source, port: via.port ?? 5060 };
}

import type { SipParseErrorCode } from './errors.js';
import { getHeader, isToken, parseCSeq, parseInteger } from './header-fields.js';
import type { SipMessage } from './message.js';
import { parseNameAddress } from './uri.js';
import { topVia } from './via.js';

/** A rule of RFC 3261 that a whole message breaks. */
export interface SipFault {
  readonly code: SipParseErrorCode;
  readonly detail: string;
}

/** Fields that may stand only once: two of them would let two elements read two different messages. */
const singleFields = ['From', 'To', 'Call-ID', 'CSeq', 'Content-Length', 'Content-Type', 'Max-Forwards'];

const required: readonly (readonly [name: string, wellFormed: (value: string) => boolean])[] = [
  ['From', (value) => parseNameAddress(value) !== null],
  ['To', (value) => parseNameAddress(value) !== null],
  ['Call-ID', (value) => /^[^\s\p{Cc}]+$/u.test(value)],
  ['CSeq', (value) => parseCSeq(value) !== null],
];

/** The first rule the head of `message` breaks, or null (RFC 3261 8.1.1: the fields every message needs). */
export function findFault(message: SipMessage): SipFault | null {
  return repeatedField(message) ?? badRequiredField(message) ?? badVia(message) ?? badNumbers(message);
}

function repeatedField(message: SipMessage): SipFault | null {
  for (const name of singleFields) {
    let count = 0;
    for (const header of message.headers) if (header.name === name) count++;
    if (count > 1) return { code: 'header-repeated', detail: `${name} may stand only once` };
  }
  return null;
}

function badRequiredField(message: SipMessage): SipFault | null {
  for (const [name, wellFormed] of required) {
    const value = getHeader(message, name);
    if (value === null) return { code: 'header-missing', detail: `Missing ${name}` };
    if (!wellFormed(value)) return { code: 'header-value', detail: `Malformed ${name}` };
  }
  return null;
}

function badVia(message: SipMessage): SipFault | null {
  if (getHeader(message, 'Via') === null) return { code: 'header-missing', detail: 'Missing Via' };
  return topVia(message) ? null : { code: 'header-value', detail: 'Malformed Via' };
}

function badNumbers(message: SipMessage): SipFault | null {
  const length = getHeader(message, 'Content-Length');
  if (length !== null && parseInteger(length) === null)
    return { code: 'content-length', detail: 'Malformed Content-Length' };
  if (message.kind === 'response') return null;
  const forwards = getHeader(message, 'Max-Forwards');
  const hops = forwards === null ? 70 : parseInteger(forwards);
  if (hops === null || hops > 255) return { code: 'header-value', detail: 'Malformed Max-Forwards' };
  // RFC 3261 8.1.1.5: the CSeq method must match that of the request.
  const method = parseCSeq(getHeader(message, 'CSeq') ?? '')?.method;
  if (method !== message.method)
    return { code: 'method-mismatch', detail: 'CSeq method differs from the request method' };
  return isToken(message.method) ? null : { code: 'start-line', detail: 'Malformed method' };
}

/** Whether a response to `message` could be addressed and recognised by its sender (RFC 3261 8.2.6.2). */
export function isAnswerable(message: SipMessage): boolean {
  const needed = ['From', 'To', 'Call-ID', 'CSeq'];
  return needed.every((name) => getHeader(message, name) !== null) && topVia(message) !== null;
}

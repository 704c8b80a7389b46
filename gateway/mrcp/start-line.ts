import { maxRequestId } from './message.js';
import type { RequestState } from './message.js';

interface StartLineParts {
  readonly version: string;
  /** What the peer says the whole message takes, in octets (RFC 6787 5.1); 1 to 19 digits, so maybe inexact. */
  readonly messageLength: number;
  readonly requestId: number;
}

export type StartLine =
  | (StartLineParts & { readonly kind: 'request'; readonly method: string })
  | (StartLineParts & {
      readonly kind: 'response';
      readonly statusCode: number;
      readonly requestState: RequestState;
    })
  | (StartLineParts & {
      readonly kind: 'event';
      readonly eventName: string;
      readonly requestState: RequestState;
    });

const prefixPattern = /^MRCP\/(\d{1,4}\.\d{1,4})$/i;
const lengthPattern = /^\d{1,19}$/;
const requestIdPattern = /^\d{1,10}$/;
const statusPattern = /^\d{3}$/;
const namePattern = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;

function parseRequestId(token: string | undefined): number | null {
  if (token === undefined || !requestIdPattern.test(token)) return null;
  const id = Number(token);
  return id <= maxRequestId ? id : null;
}

function parseRequestState(token: string | undefined): RequestState | null {
  const upper = token?.toUpperCase();
  return upper === 'COMPLETE' || upper === 'IN-PROGRESS' || upper === 'PENDING' ? upper : null;
}

/**
 * Reads a start line (RFC 6787 5.2, 5.3, 5.5) without its line end, or null when it is none.
 *
 * The third token tells the kinds apart: digits begin a response; a name begins a request (four tokens) or an event
 * (five). Names are compared without case and given in upper case. More than one space between tokens is tolerated.
 */
export function parseStartLine(line: string): StartLine | null {
  const tokens = line.trim().split(/[ \t]+/, 6);
  const [prefix, length, third, fourth, fifth] = tokens;
  const version = prefixPattern.exec(prefix ?? '')?.[1];
  if (version === undefined || length === undefined || !lengthPattern.test(length)) return null;
  if (third === undefined || tokens.length < 4 || tokens.length > 5) return null;
  const messageLength = Number(length);

  if (requestIdPattern.test(third)) {
    const requestId = parseRequestId(third);
    const requestState = parseRequestState(fifth);
    if (requestId === null || requestState === null || !statusPattern.test(fourth ?? '')) return null;
    return { kind: 'response', version, messageLength, requestId, statusCode: Number(fourth), requestState };
  }

  const requestId = parseRequestId(fourth);
  if (requestId === null || !namePattern.test(third)) return null;
  const name = third.toUpperCase();
  if (fifth === undefined) return { kind: 'request', version, messageLength, requestId, method: name };
  const requestState = parseRequestState(fifth);
  if (requestState === null) return null;
  return { kind: 'event', version, messageLength, requestId, eventName: name, requestState };
}

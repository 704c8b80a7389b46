import { getHeader } from './header-fields.js';
import type { SipHeader, SipRequest, SipResponse } from './message.js';
import { parseNameAddress } from './uri.js';

const reasonPhrases: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  422: 'Session Interval Too Small',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  489: 'Bad Event',
  491: 'Request Pending',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  600: 'Busy Everywhere',
  603: 'Decline',
  606: 'Not Acceptable',
};

/** The phrase of RFC 3261 21 for `status`, or the general one of its class. */
function reasonPhrase(status: number): string {
  const general = ['', 'Progress', 'OK', 'Redirected', 'Refused', 'Server Error', 'Refused Everywhere'];
  return reasonPhrases[status] ?? general[Math.floor(status / 100)] ?? 'Unknown';
}

export interface ResponseParts {
  /** Added to To unless it has a tag already; never to a 100 (RFC 3261 8.2.6.2). */
  readonly toTag?: string;
  readonly reason?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** An SDP body; Content-Type is set. */
  readonly sdp?: string;
}

/** Builds the response to `request` with what must be copied from it (RFC 3261 8.2.6.2). */
export function createResponse(request: SipRequest, status: number, parts: ResponseParts = {}): SipResponse {
  const headers: SipHeader[] = [];
  for (const header of request.headers) {
    if (
      header.name === 'Via' ||
      header.name === 'From' ||
      header.name === 'Call-ID' ||
      header.name === 'CSeq'
    )
      headers.push(header);
    else if (header.name === 'To')
      headers.push({ name: 'To', value: taggedTo(header.value, status, parts.toTag) });
    // RFC 3261 8.2.6.1: the caller measures the round trip with it.
    else if (header.name === 'Timestamp' && status === 100) headers.push(header);
    // RFC 3261 12.1.1: the route set of the dialog the response makes.
    else if (header.name === 'Record-Route' && status > 100 && status < 300) headers.push(header);
  }
  for (const [name, value] of parts.headers ?? []) headers.push({ name, value });
  if (parts.sdp !== undefined) headers.push({ name: 'Content-Type', value: 'application/sdp' });
  const body = Buffer.from(parts.sdp ?? '', 'utf8');
  return { kind: 'response', status, reason: parts.reason ?? reasonPhrase(status), headers, body };
}

function taggedTo(value: string, status: number, tag: string | undefined): string {
  if (tag === undefined || status === 100 || parseNameAddress(value)?.parameters.has('tag')) return value;
  return `${value};tag=${tag}`;
}

/** The tag of From or To, or null. */
export function tagOf(message: SipRequest | SipResponse, name: 'From' | 'To'): string | null {
  return parseNameAddress(getHeader(message, name) ?? '')?.parameters.get('tag') ?? null;
}

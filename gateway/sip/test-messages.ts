import type { SipRequest, SipResponse } from './message.js';
import { createResponse } from './response.js';

export interface TestRequestParts {
  readonly branch?: string;
  readonly sentBy?: string;
  readonly toTag?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly uri?: string;
  readonly sdp?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

/** A well-formed request of a caller at 192.0.2.9 for tests. */
export function testRequest(method: string, parts: TestRequestParts = {}): SipRequest {
  const { branch = 'z9hG4bKtest', sentBy = '192.0.2.9:5060', callId = 'call-1', cseq = 1 } = parts;
  const to = `<sip:bot@192.0.2.1>${parts.toTag === undefined ? '' : `;tag=${parts.toTag}`}`;
  const headers = [
    { name: 'Via', value: `SIP/2.0/UDP ${sentBy};branch=${branch};rport` },
    { name: 'Max-Forwards', value: '70' },
    { name: 'From', value: '<sip:ann@192.0.2.9>;tag=ann' },
    { name: 'To', value: to },
    { name: 'Call-ID', value: callId },
    { name: 'CSeq', value: `${cseq} ${method}` },
  ];
  for (const [name, value] of parts.headers ?? []) headers.push({ name, value });
  if (parts.sdp !== undefined) headers.push({ name: 'Content-Type', value: 'application/sdp' });
  const body = Buffer.from(parts.sdp ?? '');
  return { kind: 'request', method, uri: parts.uri ?? 'sip:bot@192.0.2.1', headers, body };
}

/** A response to `request` with a To tag. */
export function testResponse(request: SipRequest, status: number, toTag = 'bot'): SipResponse {
  return createResponse(request, status, { toTag });
}

import type { SipHeader, SipMessage } from './message.js';

/** A line break inside a value would let its author add header fields of his own, so control characters become spaces. */
function safe(text: string): string {
  return text.replace(/[\p{Cc}]+/gu, ' ');
}

/** The message as bytes; Content-Length is always written, from the body (RFC 3261 20.14). */
export function serializeMessage(message: SipMessage): Buffer {
  let head =
    message.kind === 'request'
      ? `${safe(message.method)} ${safe(message.uri)} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${safe(message.reason)}\r\n`;
  for (const header of message.headers) if (header.name !== 'Content-Length') head += headerLine(header);
  head += `Content-Length: ${message.body.length}\r\n\r\n`;
  const headBytes = Buffer.from(head, 'utf8');
  return message.body.length === 0 ? headBytes : Buffer.concat([headBytes, message.body]);
}

function headerLine({ name, value }: SipHeader): string {
  return `${name}: ${safe(value)}\r\n`;
}

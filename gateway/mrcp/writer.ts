import type { HeaderField, MrcpMessage } from './message.js';

/** The part of the start line after message-length (RFC 6787 5.2, 5.3, 5.5). */
function startLineTail(message: MrcpMessage): string {
  switch (message.kind) {
    case 'request':
      return `${message.method} ${message.requestId}`;
    case 'response':
      return `${message.requestId} ${message.statusCode} ${message.requestState}`;
    case 'event':
      return `${message.eventName} ${message.requestId} ${message.requestState}`;
  }
}

/** Control characters would let a value end its line and start another field; they become spaces. */
function safeValue(value: string): string {
  return value.replace(/\p{Cc}+/gu, ' ').trim();
}

function headerLines(headers: readonly HeaderField[]): string {
  let text = '';
  for (const { name, value } of headers) {
    if (name.toLowerCase() === 'content-length') continue;
    const clean = safeValue(value);
    text += clean === '' ? `${name}:\r\n` : `${name}: ${clean}\r\n`;
  }
  return text;
}

/** The smallest length that counts its own digits: message-length covers the whole message (RFC 6787 5.1). */
function messageLength(octetsWithoutLength: number): number {
  let length = octetsWithoutLength;
  for (;;) {
    const next = octetsWithoutLength + String(length).length;
    if (next === length) return length;
    length = next;
  }
}

/**
 * The message's octets with an exact message-length; Content-Length is computed (RFC 6787 6.2.11), never copied from
 * `headers`, and left out when there is no body.
 */
export function serializeMessage(message: MrcpMessage): Buffer {
  const contentLength = message.body.length > 0 ? `Content-Length: ${message.body.length}\r\n` : '';
  const prefix = `MRCP/${message.version} `;
  const rest = ` ${startLineTail(message)}\r\n${headerLines(message.headers)}${contentLength}\r\n`;
  const fixed = Buffer.byteLength(prefix) + Buffer.byteLength(rest) + message.body.length;
  const head = Buffer.from(`${prefix}${messageLength(fixed)}${rest}`);
  return message.body.length > 0 ? Buffer.concat([head, message.body]) : head;
}

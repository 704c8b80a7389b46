import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Answers a request to upgrade with plain text and ends the connection. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  message: string,
  retryAfterSeconds: number | null = null,
): void {
  const body = `${message}\n`;
  socket.once('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(retryAfterSeconds === null ? [] : [`Retry-After: ${retryAfterSeconds}`]),
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

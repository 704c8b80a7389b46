import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyReply } from 'fastify';

/** Codes of error answers; clients branch on them, so that they do not change. */
export type HttpErrorCode =
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'body-too-large'
  | 'url-too-long'
  | 'headers-too-large'
  | 'unsupported-media-type'
  | 'timeout'
  | 'rate'
  | 'ended'
  | 'full'
  | 'idempotency-conflict'
  | 'unavailable'
  | 'internal';

export interface ErrorBody {
  readonly error: {
    readonly code: HttpErrorCode;
    readonly message: string;
    /** What the asker has to change, where it is one thing. */
    readonly field?: string;
  };
}

/** Answers with `{error: {code, message}}`; `message` is for the person who wrote the client. */
export function sendError(
  reply: FastifyReply,
  status: number,
  code: HttpErrorCode,
  message: string,
  field?: string,
): FastifyReply {
  const body: ErrorBody = { error: { code, message, ...(field === undefined ? {} : { field }) } };
  return reply.code(status).type('application/json; charset=utf-8').send(body);
}

/** Our code for an error that fastify raised before a handler ran, by its HTTP status. */
export function codeOfStatus(status: number): HttpErrorCode {
  if (status === 413) return 'body-too-large';
  if (status === 415) return 'unsupported-media-type';
  if (status === 408) return 'timeout';
  return status >= 400 && status < 500 ? 'bad-request' : 'internal';
}

/** Answers bytes that are no HTTP request (RFC 9110 15.5.1, 6585 5), then closes: what follows on the socket has no meaning. */
export function refuseSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, message] = describeParserError(error.code);
  const body = JSON.stringify({ error: { code, message } } satisfies ErrorBody);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function describeParserError(code: string | undefined): [number, HttpErrorCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'headers-too-large', 'the header fields are too large'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'timeout', 'the request took too long to arrive'];
  return [400, 'bad-request', 'this is not an HTTP/1.1 request'];
}

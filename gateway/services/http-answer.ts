import type { IncomingMessage } from 'node:http';

import { answered, failed, type Attempt } from './attempt.js';
import { toAnswerValue } from './answer-value.js';

/** Reads the body of a successful response as a value, at most `maxBytes` of it; never rejects. */
export async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<Attempt> {
  const announced = Number(response.headers['content-length'] ?? 0);
  if (announced > maxBytes) return tooLarge(response, maxBytes);
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    return garbage(response, 'it is compressed, which was not asked for');
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) return tooLarge(response, maxBytes);
      chunks.push(chunk);
    }
  } catch {
    return failed('unreachable', 'the connection broke in the middle of the answer', { retryable: true });
  }
  if (bytes === 0) return answered(null);
  const type = response.headers['content-type'] ?? '';
  if (!isJson(type)) return garbage(response, 'its content type is not JSON');
  return parseAnswer(response, Buffer.concat(chunks, bytes));
}

function parseAnswer(response: IncomingMessage, body: Buffer): Attempt {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's own message quotes the body, which may be personal.
    return garbage(response, 'it is not valid JSON in UTF-8');
  }
  const answer = toAnswerValue(raw);
  return answer.ok ? answered(answer.value) : garbage(response, answer.reason);
}

/** `application/json` and every `+json` (RFC 6839 3.1). */
function isJson(contentType: string): boolean {
  const [type = ''] = contentType.split(';', 1);
  return /^application\/(?:[a-z0-9.!#$&^_-]+\+)?json$/i.test(type.trim());
}

function tooLarge(response: IncomingMessage, maxBytes: number): Attempt {
  return garbage(response, `it is larger than ${maxBytes} bytes (maxResponseBytes)`);
}

/** What is left of the body is not read: the connection goes with it. */
function garbage(response: IncomingMessage, reason: string): Attempt {
  response.destroy();
  return failed('garbage', `the answer cannot be used: ${reason}`, { status: response.statusCode ?? 0 });
}

import { HeadParser, type SipLimits, type SipParseResult } from './head-parser.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Text of the line in [start, end), its CR left out. A bare LF is taken for a line end as well. */
function lineText(bytes: Buffer, start: number, end: number): string {
  const last = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
  return bytes.toString('utf8', start, last);
}

/**
 * Parses one datagram; null when it is only a keep-alive (RFC 5626 3.5.1: line ends or zero bytes).
 *
 * The body ends where Content-Length says, what follows is dropped, and a body that is too short is an error
 * (RFC 3261 18.3). The message owns its bytes.
 */
export function parseDatagram(datagram: Buffer, limits: SipLimits): SipParseResult | null {
  let at = 0;
  while (at < datagram.length && (datagram[at] === lineFeed || datagram[at] === carriageReturn)) at++;
  if (datagram.every((byte, index) => index < at || byte === 0)) return null;
  const head = new HeadParser(limits);
  for (;;) {
    const end = datagram.indexOf(lineFeed, at);
    const lineEnd = end < 0 ? datagram.length : end;
    const progress = head.line(lineText(datagram, at, lineEnd), lineEnd - at + 1);
    if (progress === 'stop') return head.finish(Buffer.alloc(0));
    // The end of the datagram is no line end: one that was cut after a header field is not whole.
    if (end < 0) return head.fail('head-incomplete', 'No empty line after the header fields');
    if (progress === 'end') return finishDatagram(head, datagram, lineEnd + 1, limits);
    at = end + 1;
  }
}

function finishDatagram(
  head: HeadParser,
  datagram: Buffer,
  bodyAt: number,
  limits: SipLimits,
): SipParseResult {
  const present = Math.max(0, datagram.length - bodyAt);
  const declared = head.contentLength ?? present;
  if (declared > limits.bodyBytes) return head.fail('body-too-long', 'Body too long');
  if (declared > present) return head.fail('body-incomplete', 'Body shorter than Content-Length');
  return head.finish(Buffer.from(datagram.subarray(bodyAt, bodyAt + Math.max(0, declared))));
}

/** What a stream turns out to hold; called from within `push`. */
export interface StreamListener {
  onResult(result: SipParseResult): void;
  /** A double CRLF between messages (RFC 5626 3.5.1), to be answered by one CRLF. */
  onKeepAlive(): void;
}

/**
 * Messages from a byte stream that may be cut anywhere.
 *
 * between --line--> head --empty line--> body --Content-Length bytes--> between; anything that breaks the framing goes
 * to failed, from where nothing leads: what follows cannot be told from an attack (RFC 3261 18.3).
 */
export class StreamParser {
  #state: 'between' | 'head' | 'body' | 'failed' = 'between';
  #head: HeadParser;
  /** Bytes of the line or body that is not complete yet. */
  #chunks: Buffer[] = [];
  #held = 0;
  #bodyLength = 0;
  #emptyLines = 0;
  readonly #limits: SipLimits;
  readonly #listener: StreamListener;

  constructor(limits: SipLimits, listener: StreamListener) {
    this.#limits = limits;
    this.#listener = listener;
    this.#head = new HeadParser(limits);
  }

  /** A fatal error was reported: close the connection. */
  get failed(): boolean {
    return this.#state === 'failed';
  }

  /** Some but not all bytes of a message have come. */
  get midMessage(): boolean {
    return this.#state === 'head' || this.#state === 'body' || this.#held > 0;
  }

  /** Takes the next bytes; keeps copies only of what is incomplete. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#state !== 'failed')
      at = this.#state === 'body' ? this.#readBody(chunk, at) : this.#readLine(chunk, at);
  }

  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(lineFeed, at);
    const lineEnd = end < 0 ? chunk.length : end;
    this.#hold(chunk.subarray(at, lineEnd), end < 0);
    const bound = this.#state === 'between' ? this.#limits.startLineBytes : this.#limits.headerLineBytes;
    if (this.#held > bound + 2) {
      this.#fail(
        this.#head.fail(this.#state === 'between' ? 'start-line' : 'header-too-long', 'Line too long'),
      );
    } else if (end >= 0) {
      const bytes = this.#held + 1;
      const line = this.#takeHeld();
      this.#line(lineText(line, 0, line.length), bytes);
    }
    return lineEnd + 1;
  }

  #line(text: string, bytes: number): void {
    if (this.#state === 'between') {
      if (text === '') {
        this.#keepAlive();
        return;
      }
      this.#state = 'head';
    }
    this.#emptyLines = 0;
    const progress = this.#head.line(text, bytes);
    if (progress === 'stop') this.#fail(this.#head.finish(Buffer.alloc(0)));
    else if (progress === 'end') this.#beginBody();
  }

  #keepAlive(): void {
    this.#emptyLines++;
    if (this.#emptyLines < 2) return;
    this.#emptyLines = 0;
    this.#listener.onKeepAlive();
  }

  #beginBody(): void {
    const length = this.#head.contentLength;
    // RFC 3261 20.14: over a stream the field is the only thing that tells where the message ends.
    if (length === null) this.#fail(this.#head.fail('content-length-missing', 'Missing Content-Length'));
    else if (length < 0) this.#fail(this.#head.fail('content-length', 'Malformed Content-Length'));
    else if (length > this.#limits.bodyBytes) this.#fail(this.#head.fail('body-too-long', 'Body too long'));
    else {
      this.#bodyLength = length;
      this.#state = 'body';
      if (length === 0) this.#finishMessage(Buffer.alloc(0));
    }
  }

  #readBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#bodyLength - this.#held);
    this.#hold(chunk.subarray(at, end), true);
    if (this.#held === this.#bodyLength) this.#finishMessage(this.#takeHeld());
    return end;
  }

  #finishMessage(body: Buffer): void {
    const head = this.#head;
    this.#head = new HeadParser(this.#limits);
    this.#state = 'between';
    this.#listener.onResult(head.finish(body));
  }

  /** Keeps bytes; `copy` because the socket reuses its buffer once `push` has returned. */
  #hold(bytes: Buffer, copy: boolean): void {
    if (bytes.length === 0) return;
    this.#chunks.push(copy ? Buffer.from(bytes) : bytes);
    this.#held += bytes.length;
  }

  #takeHeld(): Buffer {
    const [first] = this.#chunks;
    const all = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#held = 0;
    return all;
  }

  #fail(result: SipParseResult): void {
    this.#state = 'failed';
    this.#takeHeld();
    this.#listener.onResult(result);
  }
}

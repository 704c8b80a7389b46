import type { MrcpStreamError, MrcpStreamErrorCode } from './errors.js';
import type { HeaderField, MrcpMessage } from './message.js';
import { emptyBody, headerValue } from './message.js';
import { ReceiveBuffer } from './receive-buffer.js';
import { parseStartLine } from './start-line.js';
import type { StartLine } from './start-line.js';

/** Bounds the parser keeps; `mrcpLimits` has them all. */
export interface ParserLimits {
  readonly messageBytes: number;
  readonly startLineBytes: number;
  readonly headerLineBytes: number;
  readonly headers: number;
  readonly garbageLines: number;
}

export interface MrcpParserListener {
  onMessage(message: MrcpMessage): void;
  /** The stream is lost; nothing follows. `requestId` is set when a request had begun, so that it can be answered. */
  onError(error: MrcpStreamError, requestId: number | null): void;
}

/** What the parser put up with, for logs and metrics. */
export interface ParserCounts {
  messages: number;
  /** Lines that were no start line where one was due. */
  garbageLines: number;
  /** Header lines without a colon. */
  malformedHeaders: number;
  /** Messages whose message-length contradicted header section plus Content-Length. */
  lengthMismatches: number;
}

type State = 'start-line' | 'headers' | 'body' | 'failed';

const contentLengthPattern = /^\d{1,19}$/;

/**
 * Cuts a TCP stream into MRCPv2 messages; bytes may arrive in pieces of any size (RFC 6787 5).
 *
 *     start-line --valid line--> headers --empty line--> body --all octets--> start-line
 *         | ^ garbage line (skipped, counted)                    any --bound passed--> failed
 *
 * Framing. RFC 6787 5.1 frames by message-length, and clients exist that send it wrong; the header section ends itself
 * with an empty line and Content-Length counts the body (6.2.11), so those two frame the message and message-length is
 * checked and counted. It decides only where Content-Length is missing or unreadable and Content-Type announces a body.
 */
export class MrcpParser {
  readonly counts: ParserCounts = { messages: 0, garbageLines: 0, malformedHeaders: 0, lengthMismatches: 0 };
  readonly #listener: MrcpParserListener;
  readonly #limits: ParserLimits;
  readonly #input: ReceiveBuffer;
  #state: State = 'start-line';
  #startLine: StartLine | null = null;
  #headers: HeaderField[] = [];
  #headLines = 0;
  #headOctets = 0;
  #bodyOctets = 0;
  #garbageInRow = 0;

  constructor(listener: MrcpParserListener, limits: ParserLimits) {
    this.#listener = listener;
    this.#limits = limits;
    this.#input = new ReceiveBuffer();
  }

  /** Octets held back, waiting for the rest of a message. */
  get bufferedBytes(): number {
    return this.#input.length;
  }

  /** True when a message (or an unfinished line) has begun and its end has not arrived. */
  get partial(): boolean {
    return this.#state !== 'failed' && (this.#state !== 'start-line' || this.#input.length > 0);
  }

  /** Takes the next octets, which may be reused after the call, and reports every message they complete. */
  write(chunk: Uint8Array): void {
    if (this.#state === 'failed') return;
    this.#input.append(chunk);
    while (this.#step());
    this.#input.compact();
  }

  /** Reads nothing more and frees what was held; safe from inside a listener call. */
  close(): void {
    this.#state = 'failed';
    this.#startLine = null;
    this.#headers = [];
    this.#input.clear();
  }

  /** One line or one body; false when more octets are needed or the stream is over. */
  #step(): boolean {
    switch (this.#state) {
      case 'start-line':
        return this.#readStartLine();
      case 'headers':
        return this.#readHeaderLine();
      case 'body':
        return this.#readBody();
      case 'failed':
        return false;
    }
  }

  #readStartLine(): boolean {
    const line = this.#input.takeLine();
    if (line === null || line.octets > this.#limits.startLineBytes) {
      const octets = line === null ? this.#input.length : line.octets;
      if (octets <= this.#limits.startLineBytes) return false;
      return this.#fail('start-line-too-long', `start line over ${this.#limits.startLineBytes} octets`);
    }
    if (line.text === '') return true;
    const startLine = parseStartLine(line.text);
    if (!startLine) return this.#skipGarbage();
    this.#garbageInRow = 0;
    this.#startLine = startLine;
    this.#headers = [];
    this.#headLines = 0;
    this.#headOctets = line.octets;
    this.#state = 'headers';
    return startLine.messageLength > this.#limits.messageBytes ? this.#failTooLarge() : true;
  }

  #skipGarbage(): boolean {
    this.counts.garbageLines++;
    if (++this.#garbageInRow <= this.#limits.garbageLines) return true;
    return this.#fail('too-much-garbage', `${this.#garbageInRow} lines in a row were no MRCP start line`);
  }

  #readHeaderLine(): boolean {
    const line = this.#input.takeLine();
    if (line === null || line.octets > this.#limits.headerLineBytes) {
      const octets = line === null ? this.#input.length : line.octets;
      if (octets <= this.#limits.headerLineBytes) return false;
      return this.#fail('header-line-too-long', `header line over ${this.#limits.headerLineBytes} octets`);
    }
    this.#headOctets += line.octets;
    if (this.#headOctets > this.#limits.messageBytes) return this.#failTooLarge();
    if (line.text === '') return this.#endHeaders();
    if (++this.#headLines > this.#limits.headers)
      return this.#fail('too-many-headers', `more than ${this.#limits.headers} header lines`);
    this.#addHeaderLine(line.text);
    return true;
  }

  #addHeaderLine(text: string): void {
    // A line that begins with white space continues the one before (RFC 5322 2.2.3, which RFC 6787 5.1 builds on).
    const previous = this.#headers.at(-1);
    if ((text.startsWith(' ') || text.startsWith('\t')) && previous) {
      this.#headers[this.#headers.length - 1] = { ...previous, value: `${previous.value} ${text.trim()}` };
      return;
    }
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(0, colon)).trim();
    if (name === '') this.counts.malformedHeaders++;
    else this.#headers.push({ name, value: text.slice(colon + 1).trim() });
  }

  #endHeaders(): boolean {
    const startLine = this.#startLine;
    if (!startLine) return false;
    this.#bodyOctets = this.#bodyLength(startLine.messageLength);
    const total = this.#headOctets + this.#bodyOctets;
    if (total > this.#limits.messageBytes) return this.#failTooLarge();
    if (total !== startLine.messageLength) this.counts.lengthMismatches++;
    this.#state = 'body';
    return true;
  }

  #bodyLength(messageLength: number): number {
    const contentLength = headerValue(this.#headers, 'content-length');
    if (contentLength !== null && contentLengthPattern.test(contentLength)) return Number(contentLength);
    const announced = contentLength !== null || headerValue(this.#headers, 'content-type') !== null;
    return announced ? Math.max(0, messageLength - this.#headOctets) : 0;
  }

  #readBody(): boolean {
    const startLine = this.#startLine;
    if (!startLine || this.#input.length < this.#bodyOctets) return false;
    const body = this.#bodyOctets > 0 ? this.#input.takeBytes(this.#bodyOctets) : emptyBody;
    const { messageLength: _, ...start } = startLine;
    const message: MrcpMessage = { ...start, headers: this.#headers, body };
    this.#state = 'start-line';
    this.#startLine = null;
    this.#headers = [];
    this.counts.messages++;
    this.#listener.onMessage(message);
    return true;
  }

  #failTooLarge(): boolean {
    return this.#fail('message-too-large', `message over ${this.#limits.messageBytes} octets`);
  }

  #fail(code: MrcpStreamErrorCode, message: string): false {
    const requestId = this.#startLine?.kind === 'request' ? this.#startLine.requestId : null;
    this.close();
    this.#listener.onError({ code, message }, requestId);
    return false;
  }
}

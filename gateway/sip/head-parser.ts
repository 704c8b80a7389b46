import type { sipLimits } from '../../config/limits.js';
import type { SipParseError, SipParseErrorCode } from './errors.js';
import { canonicalHeaderName, isToken, parseInteger } from './header-fields.js';
import { findFault, isAnswerable } from './message-checks.js';
import type { SipHeader, SipMessage, SipRequest } from './message.js';

/** The bounds of `sipLimits`, as numbers that a test or the operator may change. */
export type SipLimits = { readonly [name in keyof typeof sipLimits]: number };

export type SipParseResult =
  { readonly ok: true; readonly message: SipMessage } | { readonly ok: false; readonly error: SipParseError };

/** What one line of the head means for whoever feeds it: go on, the head is complete, or it cannot be used. */
export type HeadProgress = 'more' | 'end' | 'stop';

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string };

const requestLinePattern = /^(\S+) ([^\s\p{Cc}]+) SIP\/(\d{1,3}\.\d{1,3})$/iu;
const statusLinePattern = /^SIP\/(\d{1,3}\.\d{1,3}) ([1-6]\d\d)(?: (.*))?$/i;
const statusOf: Partial<Record<SipParseErrorCode, SipParseError['status']>> = {
  'start-line-too-long': 414,
  version: 505,
  'header-too-long': 513,
  'too-many-headers': 513,
  'body-too-long': 413,
  'message-too-long': 513,
};

/**
 * Start line and header fields of one message, fed line by line.
 *
 * The first fault is remembered and the rest read on, so that there is enough to answer with; only bytes that are no
 * SIP message, or too many of them, stop it at once.
 */
export class HeadParser {
  readonly #limits: SipLimits;
  readonly #headers: SipHeader[] = [];
  #start: StartLine | null = null;
  #open: { name: string; value: string } | null = null;
  #openBytes = 0;
  #bytes = 0;
  #fault: { code: SipParseErrorCode; detail: string } | null = null;

  constructor(limits: SipLimits) {
    this.#limits = limits;
  }

  /** Takes one line without its line end; `bytes` is its length on the wire. */
  line(text: string, bytes: number): HeadProgress {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.messageBytes) return this.#stop('message-too-long', 'Message too long');
    if (!this.#start) return this.#startLine(text, bytes);
    if (text === '') {
      this.#closeField();
      return 'end';
    }
    return text.startsWith(' ') || text.startsWith('\t') ? this.#fold(text, bytes) : this.#field(text, bytes);
  }

  /** Content-Length as far as it can be trusted for framing: null where absent, -1 where malformed or repeated. */
  get contentLength(): number | null {
    const values = this.#headers.filter((header) => header.name === 'Content-Length');
    const [first] = values;
    if (!first) return null;
    return values.length > 1 ? -1 : (parseInteger(first.value) ?? -1);
  }

  /** The message with its body, or the first fault of the head. */
  finish(body: Buffer): SipParseResult {
    const message = this.#message(body);
    if (this.#fault) return this.fail(this.#fault.code, this.#fault.detail);
    if (!message) return this.fail('head-incomplete', 'Incomplete message');
    const fault = findFault(message);
    return fault ? this.fail(fault.code, fault.detail) : { ok: true, message };
  }

  /** An error that carries what was understood so far of a request, if that can be answered. */
  fail(code: SipParseErrorCode, detail: string): SipParseResult {
    this.#closeField();
    const message = this.#message(Buffer.alloc(0));
    const request: SipRequest | null =
      message?.kind === 'request' && message.method !== 'ACK' && isAnswerable(message) ? message : null;
    return { ok: false, error: { code, detail, status: statusOf[code] ?? 400, request } };
  }

  #message(body: Buffer): SipMessage | null {
    return this.#start && { ...this.#start, headers: this.#headers, body };
  }

  #stop(code: SipParseErrorCode, detail: string): HeadProgress {
    this.#fault ??= { code, detail };
    return 'stop';
  }

  #note(code: SipParseErrorCode, detail: string): void {
    this.#fault ??= { code, detail };
  }

  #startLine(text: string, bytes: number): HeadProgress {
    const status = statusLinePattern.exec(text);
    if (status) {
      this.#start = { kind: 'response', status: Number(status[2]), reason: status[3] ?? '' };
      return status[1] === '2.0' ? 'more' : this.#stop('version', 'Version not supported');
    }
    const request = requestLinePattern.exec(text);
    const method = request?.[1] ?? '';
    if (!request || !isToken(method)) return this.#stop('start-line', 'Malformed start line');
    this.#start = { kind: 'request', method, uri: request[2] ?? '' };
    if (request[3] !== '2.0') this.#note('version', 'Version not supported');
    if (bytes > this.#limits.startLineBytes) this.#note('start-line-too-long', 'Request-URI too long');
    return 'more';
  }

  #field(text: string, bytes: number): HeadProgress {
    this.#closeField();
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(0, colon)).trimEnd();
    if (bytes > this.#limits.headerLineBytes) this.#note('header-too-long', 'Header field too long');
    else if (this.#headers.length >= this.#limits.headers) this.#note('too-many-headers', 'Too many fields');
    else if (!isToken(name)) this.#note('header-syntax', 'Malformed header field');
    else this.#open = { name: canonicalHeaderName(name), value: text.slice(colon + 1).trim() };
    this.#openBytes = bytes;
    return 'more';
  }

  /** A line that begins with white space goes on with the field above (RFC 3261 7.3.1). */
  #fold(text: string, bytes: number): HeadProgress {
    this.#openBytes += bytes;
    if (this.#openBytes > this.#limits.headerLineBytes) {
      this.#open = null;
      this.#note('header-too-long', 'Header field too long');
    } else if (this.#open) this.#open.value = `${this.#open.value} ${text.trim()}`.trim();
    else this.#note('header-syntax', 'Folded line without a field');
    return 'more';
  }

  #closeField(): void {
    if (!this.#open) return;
    const { name, value } = this.#open;
    this.#open = null;
    // A lone CR or a NUL may be read as a line end by the next element: nothing with one in it is passed on.
    if (value.includes('\r') || value.includes('\0'))
      this.#note('header-syntax', `Control character in ${name}`);
    else this.#headers.push({ name, value });
  }
}

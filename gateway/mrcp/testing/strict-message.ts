/** A message from the server as the strict client reads it; header names are lower-cased. */
export interface StrictMessage {
  readonly kind: 'response' | 'event';
  /** Method-like name of an event; empty for a response. */
  readonly name: string;
  readonly requestId: number;
  /** 0 for an event. */
  readonly status: number;
  readonly state: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A rule of RFC 6787 that the server broke; the message names the section. */
export class MrcpViolation extends Error {
  constructor(rule: string, context: string) {
    super(`${rule}: ${JSON.stringify(context.slice(0, 300))}`);
    this.name = 'MrcpViolation';
  }
}

const responseLine = /^MRCP\/2\.0 (\d{1,19}) (\d{1,10}) ([245]\d\d) (COMPLETE|IN-PROGRESS|PENDING)$/;
const eventLine = /^MRCP\/2\.0 (\d{1,19}) ([A-Z][A-Z-]+) (\d{1,10}) (COMPLETE|IN-PROGRESS)$/;
const headerLine = /^([A-Za-z][A-Za-z0-9-]*):(?: (\S(?:.*\S)?))?$/;
const lengthPrefix = /^MRCP\/2\.0 (\d{1,19}) /;
const longestPrefix = 64;

function parseHeaders(lines: readonly string[], context: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = headerLine.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined) throw new MrcpViolation('header field is not "Name: value" (5.1)', line);
    if (headers.has(name)) throw new MrcpViolation('header field given twice (5.1)', context);
    headers.set(name, match?.[2] ?? '');
  }
  return headers;
}

function checkBody(headers: ReadonlyMap<string, string>, bodyOctets: number, context: string): void {
  const contentLength = headers.get('content-length');
  if (bodyOctets === 0) {
    if (contentLength !== undefined && contentLength !== '0')
      throw new MrcpViolation('Content-Length without that body (6.2.11)', context);
    return;
  }
  if (contentLength !== String(bodyOctets))
    throw new MrcpViolation(`Content-Length is not the ${bodyOctets} octets of the body (6.2.11)`, context);
  if (!headers.get('content-type')) throw new MrcpViolation('body without Content-Type (6.2.6)', context);
}

function parseMessage(bytes: Buffer): StrictMessage {
  const context = bytes.toString('utf8');
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0)
    throw new MrcpViolation('header section does not end within message-length (5.1)', context);
  const head = bytes.toString('utf8', 0, headEnd);
  const [start = '', ...lines] = head.split('\r\n');
  if (head.replaceAll('\r\n', '').match(/[\r\n]/))
    throw new MrcpViolation('line ended by something else than CRLF (5.1)', context);
  const headers = parseHeaders(lines, context);
  const bodyBytes = bytes.subarray(headEnd + 4);
  checkBody(headers, bodyBytes.length, context);
  const body = bodyBytes.toString('utf8');
  if (Buffer.byteLength(body) !== bodyBytes.length)
    throw new MrcpViolation('body cut inside a UTF-8 character', context);

  const response = responseLine.exec(start);
  if (response) {
    const [, , id, code, state = ''] = response;
    return { kind: 'response', name: '', requestId: Number(id), status: Number(code), state, headers, body };
  }
  const event = eventLine.exec(start);
  if (!event) throw new MrcpViolation('start line is neither response (5.3) nor event (5.5)', start);
  const [, , name = '', id, state = ''] = event;
  return { kind: 'event', name, requestId: Number(id), status: 0, state, headers, body };
}

/**
 * Cuts what a server sends by message-length alone (RFC 6787 5.1) and refuses whatever is not exactly right.
 *
 * It shares no code with the server's own parser and writer, so a mistake there cannot hide here.
 */
export class StrictMessageReader {
  #held: Buffer = Buffer.alloc(0);

  /** Octets of an unfinished message; 0 when the stream ends cleanly. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** The messages that `chunk` completes; throws MrcpViolation. */
  read(chunk: Buffer): StrictMessage[] {
    this.#held = Buffer.concat([this.#held, chunk]);
    const messages: StrictMessage[] = [];
    for (;;) {
      const length = this.#nextLength();
      if (length === null || this.#held.length < length) return messages;
      messages.push(parseMessage(this.#held.subarray(0, length)));
      this.#held = this.#held.subarray(length);
    }
  }

  #nextLength(): number | null {
    const prefix = this.#held.toString('latin1', 0, longestPrefix);
    const length = lengthPrefix.exec(prefix)?.[1];
    if (length !== undefined) return Number(length);
    if (prefix.length === longestPrefix || /[\r\n]/.test(prefix))
      throw new MrcpViolation('stream is not at a start line: message-length was wrong before (5.1)', prefix);
    return null;
  }
}

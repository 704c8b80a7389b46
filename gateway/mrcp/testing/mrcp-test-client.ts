import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { ExchangeRules } from './exchange-rules.js';
import { StrictMessageReader } from './strict-message.js';
import type { StrictMessage } from './strict-message.js';

/** A request to send; everything but the method has a default. */
export interface TestRequest {
  readonly method: string;
  /** Null leaves Channel-Identifier out. */
  readonly channelId: string | null;
  /** By name; sent in this order after Channel-Identifier. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default: one more than the last. */
  readonly requestId?: number;
  readonly version?: string;
  /** Added to the true message-length, to lie about it. */
  readonly messageLengthError?: number;
}

interface Waiter {
  readonly wants: (message: StrictMessage) => boolean;
  readonly resolve: (message: StrictMessage) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const defaultTimeoutMs = 5_000;

/** The octets of a request with an exact message-length (RFC 6787 5.1), unless `messageLengthError` says otherwise. */
export function requestBytes(request: TestRequest, requestId: number): Buffer {
  const body = Buffer.from(request.body ?? '');
  const fields: string[] = [];
  if (request.channelId !== null) fields.push(`Channel-Identifier: ${request.channelId}`);
  for (const [name, value] of Object.entries(request.headers ?? {})) fields.push(`${name}: ${value}`);
  if (body.length > 0) fields.push(`Content-Length: ${body.length}`);
  const tail = ` ${request.method} ${requestId}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
  const start = `MRCP/${request.version ?? '2.0'} `;
  const rest = Buffer.byteLength(start + tail) + body.length;
  let length = rest + 1;
  while (length !== rest + String(length).length) length++;
  const told = length + (request.messageLengthError ?? 0);
  return Buffer.concat([Buffer.from(`${start}${told}${tail}`), body]);
}

/**
 * An MRCPv2 client that takes nothing on trust: each message is checked against RFC 6787 as it arrives, and the first
 * violation fails every waiting and later call with an error that names the section.
 */
export class MrcpTestClient {
  readonly #socket: Socket;
  readonly #reader = new StrictMessageReader();
  readonly #rules = new ExchangeRules();
  readonly #inbox: StrictMessage[] = [];
  readonly #waiters: Waiter[] = [];
  #failure: Error | null = null;
  #lastRequestId = 0;
  #ended = false;
  readonly #onEnd: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#end());
  }

  /** Opens the TCP connection; rejects when it is refused. */
  static connect(port: number, address = '127.0.0.1'): Promise<MrcpTestClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ port, host: address, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new MrcpTestClient(socket));
      });
    });
  }

  /** Messages that arrived and that nobody has asked for. */
  get unread(): readonly StrictMessage[] {
    return this.#inbox;
  }

  /** Sends octets as they are; responses to what they hold are checked only after `expect`. */
  sendRaw(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  /** Tells the checker of a request sent with `sendRaw`. */
  expect(method: string, requestId: number, channelId: string | null): void {
    this.#rules.sent({ method, requestId, channelId });
    this.#lastRequestId = Math.max(this.#lastRequestId, requestId);
  }

  /** Sends a request and gives its request-id; the response is taken with `response`. */
  send(request: TestRequest): number {
    const requestId = request.requestId ?? this.#lastRequestId + 1;
    this.expect(request.method, requestId, request.channelId);
    this.#socket.write(requestBytes(request, requestId));
    return requestId;
  }

  /** Sends a request and waits for its response. */
  request(request: TestRequest, timeoutMs = defaultTimeoutMs): Promise<StrictMessage> {
    return this.response(this.send(request), timeoutMs);
  }

  response(requestId: number, timeoutMs = defaultTimeoutMs): Promise<StrictMessage> {
    const wants = (message: StrictMessage) => message.kind === 'response' && message.requestId === requestId;
    return this.#take(wants, `response to ${requestId}`, timeoutMs);
  }

  /** The next event (on `channelId`, when given); events of other channels stay for later calls. */
  nextEvent(channelId?: string, timeoutMs = defaultTimeoutMs): Promise<StrictMessage> {
    const wants = (message: StrictMessage) =>
      message.kind === 'event' &&
      (channelId === undefined || message.headers.get('channel-identifier') === channelId);
    return this.#take(wants, `event on ${channelId ?? 'any channel'}`, timeoutMs);
  }

  /** Resolves when the server has closed the connection. */
  closedByServer(timeoutMs = defaultTimeoutMs): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`still open after ${timeoutMs} ms`)), timeoutMs);
      this.#onEnd.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Closes the connection; throws when the server broke a rule or left a message unfinished. */
  close(): void {
    this.#socket.destroy();
    if (this.#failure) throw this.#failure;
    if (this.#reader.heldBytes > 0)
      throw new Error(`${this.#reader.heldBytes} octets of an unfinished message`);
  }

  #receive(chunk: Buffer): void {
    if (this.#failure) return;
    try {
      for (const message of this.#reader.read(chunk)) {
        if (message.kind === 'response') this.#rules.checkResponse(message);
        else this.#rules.checkEvent(message);
        this.#deliver(message);
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #deliver(message: StrictMessage): void {
    const at = this.#waiters.findIndex((waiter) => waiter.wants(message));
    const waiter = at < 0 ? undefined : this.#waiters.splice(at, 1)[0];
    if (!waiter) {
      this.#inbox.push(message);
      return;
    }
    clearTimeout(waiter.timer);
    waiter.resolve(message);
  }

  #take(wants: Waiter['wants'], what: string, timeoutMs: number): Promise<StrictMessage> {
    const at = this.#inbox.findIndex(wants);
    const [ready] = at < 0 ? [] : this.#inbox.splice(at, 1);
    if (ready) return Promise.resolve(ready);
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.reject(new Error(`connection closed, no ${what}`));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new Error(`no ${what} within ${timeoutMs} ms`));
      }, timeoutMs);
      const waiter: Waiter = { wants, resolve, reject, timer };
      this.#waiters.push(waiter);
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#rejectWaiters(error);
  }

  #end(): void {
    this.#ended = true;
    this.#rejectWaiters(this.#failure ?? new Error('the server closed the connection'));
    for (const resolve of this.#onEnd.splice(0)) resolve();
  }

  #rejectWaiters(error: Error): void {
    for (const waiter of this.#waiters.splice(0)) {
      clearTimeout(waiter.timer);
      waiter.reject(error);
    }
  }
}

import { createConnection, type Socket } from 'node:net';

import { mrcpLimits } from '../../config/limits.js';
import type { MrcpMessage } from '../../gateway/mrcp/message.js';
import { MrcpParser } from '../../gateway/mrcp/parser.js';
import { requestBytes, type TestRequest } from '../../gateway/mrcp/testing/mrcp-test-client.js';
import { Slot } from './slot.js';

/** A message and when its last octet was read (`performance.now`). */
export interface Arrival {
  readonly message: MrcpMessage;
  readonly atMs: number;
}

const timeoutMs = 10_000;

/** One request: when it was sent, its response, and the event that completes it. */
export class Exchange {
  readonly responseSlot = new Slot<Arrival>();
  readonly completionSlot = new Slot<Arrival>();

  constructor(
    readonly method: string,
    readonly sentAtMs: number,
  ) {}

  /** Rejects when the server refused, said nothing or went away. */
  async response(): Promise<Arrival> {
    const arrival = await this.responseSlot.wait(timeoutMs, `response to ${this.method}`);
    const { message } = arrival;
    if (message.kind !== 'response' || message.statusCode >= 300)
      throw new Error(
        `${this.method} was answered ${message.kind === 'response' ? message.statusCode : message.kind}`,
      );
    return arrival;
  }

  completion(patienceMs: number): Promise<Arrival> {
    return this.completionSlot.wait(patienceMs, `completion of ${this.method}`);
  }
}

/**
 * One TCP connection of an MRCPv2 client, shared by many channels as RFC 6787 4.2 allows.
 *
 * Lenient on purpose: it measures servers that do not keep every rule of the RFC, too.
 */
export class MrcpConnection {
  readonly #socket: Socket;
  readonly #open = new Map<number, Exchange>();
  #lastRequestId = 0;
  #arrivedAtMs = 0;
  #closed: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const parser = new MrcpParser(
      {
        onMessage: (message) => this.#deliver(message),
        onError: (error) => socket.destroy(new Error(error.message)),
      },
      mrcpLimits,
    );
    socket.on('data', (chunk) => {
      this.#arrivedAtMs = performance.now();
      parser.write(chunk);
    });
    socket.on('error', (err) => this.#fail(err));
    socket.on('close', () => this.#fail(new Error('the MRCP connection was closed')));
  }

  static open(address: string, port: number): Promise<MrcpConnection> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host: address, port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new MrcpConnection(socket));
      });
    });
  }

  get closed(): boolean {
    return this.#closed !== null;
  }

  /** Sends a request with the next request-id. */
  send(request: TestRequest): Exchange {
    const requestId = ++this.#lastRequestId;
    const bytes = requestBytes(request, requestId);
    const exchange = new Exchange(request.method, performance.now());
    if (this.#closed) exchange.responseSlot.fail(this.#closed);
    this.#open.set(requestId, exchange);
    this.#socket.write(bytes);
    return exchange;
  }

  close(): void {
    this.#socket.destroy();
  }

  #deliver(message: MrcpMessage): void {
    const exchange = this.#open.get(message.requestId);
    if (!exchange || message.kind === 'request') return;
    const arrival = { message, atMs: this.#arrivedAtMs };
    if (message.kind === 'response') exchange.responseSlot.set(arrival);
    if (message.requestState !== 'COMPLETE') return;
    exchange.completionSlot.set(arrival);
    this.#open.delete(message.requestId);
  }

  #fail(error: Error): void {
    this.#closed ??= error;
    for (const exchange of this.#open.values()) {
      exchange.responseSlot.fail(error);
      exchange.completionSlot.fail(error);
    }
    this.#open.clear();
  }
}

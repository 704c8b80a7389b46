import type { MrcpServer } from '../server.js';
import type { ConnectionSocket, ServerConnection } from '../server-connection.js';
import { ExchangeRules } from './exchange-rules.js';
import { requestBytes } from './mrcp-test-client.js';
import type { TestRequest } from './mrcp-test-client.js';
import { StrictMessageReader } from './strict-message.js';
import type { StrictMessage } from './strict-message.js';

/** A socket that keeps what is written; `stalled` makes it a peer that reads nothing. */
export class FakeSocket implements ConnectionSocket {
  readonly written: Buffer[] = [];
  stalled = false;
  ended = false;
  destroyed = false;

  get writableLength(): number {
    return this.stalled ? this.written.reduce((sum, bytes) => sum + bytes.length, 0) : 0;
  }

  write(bytes: Uint8Array): void {
    if (!this.destroyed) this.written.push(Buffer.from(bytes));
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** A client without a network: requests are answered before `request` returns, and every message is checked strictly. */
export class InMemoryPeer {
  readonly socket = new FakeSocket();
  readonly connection: ServerConnection;
  readonly #reader = new StrictMessageReader();
  readonly #rules = new ExchangeRules();
  readonly #inbox: StrictMessage[] = [];
  #lastRequestId = 0;

  constructor(server: MrcpServer) {
    this.connection = server.adopt(this.socket, 'in-memory');
  }

  /** Sends a request and gives its response; throws when there is none. */
  request(request: TestRequest): StrictMessage {
    const requestId = request.requestId ?? this.#lastRequestId + 1;
    this.#lastRequestId = Math.max(this.#lastRequestId, requestId);
    this.#rules.sent({ method: request.method, requestId, channelId: request.channelId });
    this.connection.receive(requestBytes(request, requestId));
    this.#read();
    const at = this.#inbox.findIndex(
      (message) => message.kind === 'response' && message.requestId === requestId,
    );
    const [response] = at < 0 ? [] : this.#inbox.splice(at, 1);
    if (!response) throw new Error(`no response to ${request.method} ${requestId}`);
    return response;
  }

  /** Sends octets as they are. */
  sendRaw(bytes: Buffer | string): void {
    this.connection.receive(Buffer.from(bytes));
  }

  /** Tells the checker of a request sent with `sendRaw`. */
  expect(method: string, requestId: number, channelId: string | null): void {
    this.#rules.sent({ method, requestId, channelId });
    this.#lastRequestId = Math.max(this.#lastRequestId, requestId);
  }

  /** Accepted SPEAKs and RECOGNIZEs that the server has neither completed nor stopped. */
  get openRequests(): number {
    this.#read();
    return this.#rules.openRequests;
  }

  /** Everything received and not yet taken, in order. */
  take(): StrictMessage[] {
    this.#read();
    return this.#inbox.splice(0);
  }

  /** `take` in short: `SPEAK-COMPLETE 1 COMPLETE 000 normal` or `200 1 COMPLETE`. */
  takeLines(): string[] {
    return this.take().map((message) => {
      const cause = message.headers.get('completion-cause');
      const line = `${message.name || message.status} ${message.requestId} ${message.state}`;
      return cause === undefined ? line : `${line} ${cause}`;
    });
  }

  #read(): void {
    for (const bytes of this.socket.written.splice(0)) {
      for (const message of this.#reader.read(bytes)) {
        if (message.kind === 'response') this.#rules.checkResponse(message);
        else this.#rules.checkEvent(message);
        this.#inbox.push(message);
      }
    }
  }
}

import { WebSocket, type ClientOptions } from 'ws';

import type { ClientFrame, ServerFrame } from '../protocol.js';
import { readServerFrame } from './server-frame-schema.js';

type Of<T extends ServerFrame['type']> = Extract<ServerFrame, { readonly type: T }>;

const patienceMs = 10_000;

/** A chat client over a real WebSocket that takes nothing on trust. */
export class ChatClient {
  readonly socket: WebSocket;
  /** Frames that nobody has asked for yet. */
  readonly frames: ServerFrame[] = [];
  /** Code of the close, once it came. */
  readonly closed: Promise<number>;
  /** Status of the HTTP answer when the upgrade was refused. */
  readonly refused: Promise<number>;
  #wake: () => void = () => undefined;
  /** A frame of the server that was none. */
  #broken: unknown = null;

  constructor(url: string, options: ClientOptions & { readonly protocols?: string[] } = {}) {
    const { protocols, ...rest } = options;
    this.socket = new WebSocket(url, protocols ?? [], rest);
    this.socket.on('message', (data: Buffer) => {
      try {
        this.frames.push(readServerFrame(data.toString()));
      } catch (err) {
        this.#broken = err;
      }
      this.#wake();
    });
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code) => {
        resolve(code);
        this.#wake();
      }),
    );
    this.refused = new Promise((resolve) =>
      this.socket.once('unexpected-response', (_request, response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
        this.socket.terminate();
      }),
    );
    // The close says what became of it.
    this.socket.on('error', () => this.#wake());
  }

  /** Connects and says hello; resolves with `ready`. */
  static async open(
    url: string,
    hello: Partial<Extract<ClientFrame, { readonly type: 'hello' }>> = {},
    options: ClientOptions = {},
  ): Promise<{ readonly client: ChatClient; readonly ready: Of<'ready'> }> {
    const client = new ChatClient(url, options);
    await client.connected();
    client.hello(hello);
    return { client, ready: await client.next('ready') };
  }

  connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
  }

  hello(more: Partial<Extract<ClientFrame, { readonly type: 'hello' }>> = {}): void {
    this.send({ type: 'hello', versions: [1], token: 'default/anna', device: 'tab-1', ...more });
  }

  send(frame: ClientFrame | string | Buffer): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** The next frame of a type; others before it are left where they are. */
  async next<T extends ServerFrame['type']>(type: T): Promise<Of<T>> {
    const endMs = Date.now() + patienceMs;
    for (;;) {
      if (this.#broken !== null) throw new Error('the server sent what is no frame', { cause: this.#broken });
      const at = this.frames.findIndex((frame) => frame.type === type);
      if (at >= 0) return this.frames.splice(at, 1)[0] as Of<T>;
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed before ${type} came`);
      if (Date.now() > endMs) throw new Error(`${type} did not come`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 200);
      });
    }
  }

  /** Milliseconds that a ping takes. */
  async roundTripMs(): Promise<number> {
    const startMs = performance.now();
    this.send({ type: 'ping', id: 1 });
    await this.next('pong');
    return performance.now() - startMs;
  }

  async leave(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}

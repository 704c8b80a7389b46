import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** Connections at one time; more are refused. */
const mostConnections = 100;
/** Bytes that one direction holds back while it stalls or delays; then the sender is not read. */
const mostHeldBytes = 1_048_576;

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP relay on a free port of 127.0.0.1 that can break in the ways networks do. */
export class TcpProxy {
  readonly #targetPort: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Data that is due later, of all directions. */
  readonly #timers = new Set<NodeJS.Timeout>();
  #state: 'open' | 'stalled' | 'cut' = 'open';
  #delayMs = 0;
  readonly #resume = new Set<() => void>();

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#relay(client));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return `127.0.0.1:${address.port}`;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Ends every connection, and refuses new ones until `open`. */
  cut(): void {
    this.#state = 'cut';
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Keeps every connection, and lets nothing through until `open`; new ones are accepted and stall, too. */
  stall(): void {
    this.#state = 'stalled';
  }

  /** Everything comes through again, what was held back first. */
  open(): void {
    this.#state = 'open';
    for (const resume of [...this.#resume]) resume();
  }

  /** Everything comes so much later from now on, in its order. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  async close(): Promise<void> {
    this.cut();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(client: Socket): void {
    if (this.#state === 'cut' || this.#pairs.size >= mostConnections) {
      client.destroy();
      return;
    }
    const server = connect(this.#targetPort, '127.0.0.1');
    const pair = { client, server };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // The other side is told by the connection's end.
      socket.on('error', end);
      socket.on('close', end);
    }
    this.#pipe(client, server);
    this.#pipe(server, client);
  }

  #pipe(from: Socket, to: Socket): void {
    const held: Buffer[] = [];
    let heldBytes = 0;
    const flush = (): void => {
      if (this.#state === 'stalled' || to.destroyed) return;
      for (const chunk of held.splice(0)) to.write(chunk);
      heldBytes = 0;
      from.resume();
    };
    this.#resume.add(flush);
    from.once('close', () => this.#resume.delete(flush));
    from.on('data', (chunk) => {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes > mostHeldBytes) from.pause();
      if (this.#delayMs === 0) flush();
      else this.#later(flush);
    });
  }

  #later(work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, this.#delayMs);
    this.#timers.add(timer);
  }
}

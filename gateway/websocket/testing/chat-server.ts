import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { SystemClock } from '../../../config/clock.js';
import { MemoryLogger } from '../../../config/logger.js';
import { systemRandom } from '../../../config/random.js';
import { ChatSocketServer, type ChatSocketDeps, type ChatSocketOptions } from '../server.js';
import { FakeRouter } from './fake-router.js';
import { FakeSessions } from './fake-sessions.js';
import { FakeTokens } from './fake-tokens.js';

const plentiful: ChatSocketOptions['rates'] = {
  messagesPer10s: 10_000,
  framesPer10s: 10_000,
  connectionsPerUser: 1_000,
  connectionsPerIp: 20_000,
  helloPerIpPer10s: 20_000,
};

/** Other settings than the plentiful ones. */
export type ChatServerOptions = Partial<Omit<ChatSocketOptions, 'rates'>> & {
  readonly rates?: Partial<ChatSocketOptions['rates']>;
  readonly tokens?: ChatSocketDeps['tokens'];
};

/** A chat socket on a free port of 127.0.0.1, over sessions and a router in memory. */
export class ChatServer {
  readonly sessions = new FakeSessions();
  readonly router = new FakeRouter();
  readonly tokens = new FakeTokens();
  readonly logger = new MemoryLogger();
  readonly chat: ChatSocketServer;
  readonly #http: Server;

  private constructor({ rates, tokens, ...options }: ChatServerOptions) {
    this.tokens.expiresMs = Date.now() + 3_600_000;
    this.sessions.nowMs = () => Date.now();
    const { logger, router, sessions } = this;
    this.chat = new ChatSocketServer(
      {
        origins: [],
        trustProxies: 0,
        maxConnections: 20_000,
        drainSeconds: 1,
        wheelTickMs: 20,
        ...options,
        rates: { ...plentiful, ...rates },
      },
      {
        clock: new SystemClock(),
        random: systemRandom,
        logger,
        router,
        sessions,
        tokens: tokens ?? this.tokens,
        knowsTree: () => false,
      },
    );
    this.#http = createServer((_request, response) => response.writeHead(404).end());
    this.#http.on('upgrade', (request, socket, head) => this.chat.onUpgrade(request, socket, head));
  }

  static async start(options: ChatServerOptions = {}): Promise<ChatServer> {
    const server = new ChatServer(options);
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  async stop(): Promise<void> {
    await this.chat.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

import { expect } from 'vitest';

import { FakeClock } from '../../../config/clock.js';
import { chatLimits } from '../../../config/limits.js';
import { MemoryLogger } from '../../../config/logger.js';
import { SeededRandom } from '../../../config/random.js';
import { ConnectionCounters } from '../connection-counters.js';
import { Connection, standardBounds, type ConnectionBounds } from '../connection.js';
import type { ClientFrame, ServerFrame } from '../protocol.js';
import { TimerWheel } from '../timer-wheel.js';
import { UserTable } from '../user-table.js';
import { FakeRouter } from './fake-router.js';
import { FakeSessions } from './fake-sessions.js';
import { FakeSocket } from './fake-socket.js';
import { FakeTokens } from './fake-tokens.js';

export const hello = { type: 'hello', versions: [1], token: 'default/anna', device: 'tab-1' } as const;

/** One client of the kit. */
export interface KitClient {
  readonly connection: Connection;
  readonly socket: FakeSocket;
  send(...frames: (ClientFrame | string | Record<string, unknown>)[]): void;
  /** What came since the last look. */
  received(): ServerFrame[];
}

/** Connections over fake sockets, sessions, router and time. */
export class ConnectionKit {
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock, 1_000);
  readonly sessions = new FakeSessions();
  readonly router = new FakeRouter();
  readonly tokens = new FakeTokens();
  readonly counters = new ConnectionCounters();
  readonly logger = new MemoryLogger();
  readonly users: UserTable;
  readonly live = new Set<Connection>();
  readonly #bounds: ConnectionBounds;
  readonly #random = new SeededRandom(7);

  constructor(bounds: Partial<ConnectionBounds> = {}) {
    const { framesPer10s, messagesPer10s } = chatLimits;
    this.#bounds = standardBounds({ messagesPer10s, framesPer10s }, bounds);
    const rates = { connectionsPerUser: 3, messagesPer10s: this.#bounds.messagesPer10s };
    this.users = new UserTable(rates, this.clock, this.wheel);
  }

  connect(): KitClient {
    const socket = new FakeSocket();
    const { clock, counters, logger, router, sessions, tokens, users, wheel } = this;
    const own = { random: this.#random, bounds: this.#bounds, knowsTree: (name: string) => name === 'sales' };
    const connection = new Connection(
      socket,
      { clock, counters, logger, router, sessions, tokens, users, wheel, ...own },
      { onGreeted: () => undefined, onClosed: (closed) => void this.live.delete(closed) },
      () => undefined,
    );
    this.live.add(connection);
    let seen = 0;
    return {
      connection,
      socket,
      send: (...frames) => {
        for (const frame of frames)
          connection.receive(Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame)), false);
      },
      received: () => {
        const news = socket.frames().slice(seen);
        seen += news.length;
        return news;
      },
    };
  }

  /** A client that has said hello and was answered; `ready` is left in `received`. */
  async open(more: Record<string, unknown> = {}): Promise<KitClient> {
    const client = this.connect();
    client.send({ ...hello, ...more });
    await settle();
    return client;
  }

  /** What is held anywhere; all 0 when nothing leaked. */
  held(): Record<string, number> {
    return {
      connections: this.live.size,
      followers: this.sessions.followers,
      routes: this.router.size,
      timers: this.clock.pendingTimers,
      users: this.users.size,
      paused: this.counters.paused,
    };
  }
}

export const nothingHeld = { connections: 0, followers: 0, routes: 0, timers: 0, users: 0, paused: 0 };

/** Lets promises that are ready run; no time passes. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 300; i++) await Promise.resolve();
}

/** The client goes, and nothing of it is left. */
export function leave(kit: ConnectionKit, client: KitClient): void {
  client.connection.socketClosed(1_005);
  kit.clock.advance(20_000);
  expect(kit.held()).toEqual(nothingHeld);
}

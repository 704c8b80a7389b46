import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { WebSocketServer, type WebSocket } from 'ws';

import type { Clock } from '../../config/clock.js';
import { chatSocketLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { ChatSessions } from '../chat/chat-sessions.js';
import type { Router } from '../ports/router.js';
import type { ChatSocketReading } from '../stats/readings.js';
import { AddressTable } from './address-table.js';
import { clientAddress } from './client-address.js';
import { ConnectionCounters } from './connection-counters.js';
import { Connection, standardBounds, type ConnectionBounds, type ConnectionDeps } from './connection.js';
import { Departure } from './departure.js';
import { FlushBatch } from './flush-batch.js';
import { OriginRule } from './origin-rule.js';
import { refuseUpgrade } from './refuse-upgrade.js';
import { TimerWheel } from './timer-wheel.js';
import type { TokenVerifier } from './token-verdict.js';
import { UserTable } from './user-table.js';

export const chatSocketPath = '/ws';

/** The name that a client may ask for in Sec-WebSocket-Protocol (RFC 6455 1.9). */
export const subprotocol = 'parley.chat.v1';

/** As `chat` of the configuration has them. */
export interface ChatSocketOptions {
  readonly origins: readonly string[];
  readonly trustProxies: number;
  readonly maxConnections: number;
  readonly drainSeconds: number;
  readonly rates: {
    readonly messagesPer10s: number;
    readonly framesPer10s: number;
    readonly connectionsPerUser: number;
    readonly connectionsPerIp: number;
    readonly helloPerIpPer10s: number;
  };
  /** Connections that have not said hello; for tests. */
  readonly maxWaitingHello?: number;
  /** Other times and sizes than those in service; for tests. */
  readonly bounds?: Partial<ConnectionBounds>;
  /** For tests. */
  readonly wheelTickMs?: number;
}

export interface ChatSocketDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly sessions: ChatSessions;
  readonly router: Pick<Router, 'claim'>;
  readonly tokens: TokenVerifier;
  /** Whether clients may ask for this key of `dialog.trees`. */
  readonly knowsTree: (name: string) => boolean;
}

type Refusal = readonly [reason: string, status: number, message: string, retryAfterSeconds?: number];

/**
 * The chat socket: takes upgrades of `/ws`, bounds who comes, and ends in good order.
 *
 * It owns every connection. `drain` sends them elsewhere over `drainSeconds`; `close` ends them now.
 */
export class ChatSocketServer {
  readonly #options: ChatSocketOptions;
  readonly #deps: ChatSocketDeps;
  readonly #sockets: WebSocketServer;
  readonly #origins: OriginRule;
  readonly #wheel: TimerWheel;
  readonly #addresses: AddressTable;
  readonly #users: UserTable;
  readonly #flushes = new FlushBatch();
  readonly #connections = new Set<Connection>();
  readonly #waitingHello = new Set<Connection>();
  readonly #counters = new ConnectionCounters();
  readonly #connectionDeps: ConnectionDeps;
  readonly #departure: Departure;

  constructor(options: ChatSocketOptions, deps: ChatSocketDeps) {
    const { clock, random } = deps;
    const { rates } = options;
    this.#options = options;
    this.#deps = deps;
    this.#origins = new OriginRule(options.origins);
    this.#wheel = new TimerWheel(clock, options.wheelTickMs ?? chatSocketLimits.wheelTickMs);
    this.#addresses = new AddressTable(rates, clock, this.#wheel);
    this.#users = new UserTable(rates, clock, this.#wheel);
    const bounds = standardBounds(rates, options.bounds);
    const own = { users: this.#users, wheel: this.#wheel, counters: this.#counters, bounds };
    this.#connectionDeps = { ...deps, ...own };
    this.#departure = new Departure(this.#connections, clock, random);
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: bounds.frameBytes,
      skipUTF8Validation: false,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
    });
  }

  /** For the upgrade router; takes over the socket, whatever becomes of it. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = clientAddress(request.headers, request.socket.remoteAddress, this.#options.trustProxies);
    const refusal = this.#judge(request);
    if (refusal) {
      this.#refuse(socket, refusal);
      return;
    }
    const admission = this.#addresses.admit(address);
    if (!admission.ok) {
      const full = admission.reason === 'addresses';
      const message = full ? 'too many addresses at this time' : 'too many connections from this address';
      this.#refuse(socket, [admission.reason, full ? 503 : 429, message, 10]);
      return;
    }
    socket.once('close', admission.leave);
    this.#sockets.handleUpgrade(request, socket, head, (client) => this.#accept(client, socket));
  }

  /**
   * Takes nobody any more and sends everybody elsewhere, evenly over `drainSeconds`; resolves when all are gone.
   * Idempotent.
   */
  drain(): Promise<void> {
    const connections = this.#connections.size;
    if (!this.#departure.started)
      this.#deps.logger.info('chat connections are sent elsewhere', { connections });
    return this.#departure.begin(this.#options.drainSeconds * 1_000);
  }

  /** As `drain` in no time, and forgets rates; those that do not say goodbye are cut. Idempotent. */
  async close(): Promise<void> {
    await this.#departure.begin(0);
    this.#wheel.clear();
    this.#addresses.clear();
    this.#users.clear();
  }

  /** For `/metrics`. */
  readings(): ChatSocketReading {
    const { bytesIn, bytesOut, closes, droppedSignals, framesIn, framesOut, paused, refused, slow } =
      this.#counters;
    return {
      connections: this.#connections.size,
      waitingHello: this.#waitingHello.size,
      users: this.#users.size,
      addresses: this.#addresses.size,
      timers: this.#wheel.size,
      framesIn,
      framesOut,
      bytesIn,
      bytesOut,
      paused,
      slow,
      droppedSignals,
      closes: Object.fromEntries(closes.entries()),
      refused: Object.fromEntries(refused.entries()),
    };
  }

  #judge({ headers }: IncomingMessage): Refusal | null {
    const { maxConnections, maxWaitingHello = chatSocketLimits.waitingHello } = this.#options;
    if (this.#departure.started) return ['draining', 503, 'this node goes down; connect again', 1];
    if (!this.#origins.allows(headers))
      return ['origin', 403, 'pages of this site may not connect; the operator can add it to chat.origins'];
    if (this.#connections.size >= maxConnections)
      return ['connections', 503, 'this node has as many connections as it may', 10];
    if (this.#waitingHello.size >= maxWaitingHello)
      return ['waiting-hello', 503, 'too many connections that have said nothing', 2];
    return null;
  }

  #refuse(socket: Duplex, [reason, status, message, retryAfterSeconds]: Refusal): void {
    this.#counters.refused.increment(reason);
    refuseUpgrade(socket, status, message, retryAfterSeconds ?? null);
  }

  #accept(client: WebSocket, socket: Duplex): void {
    const events = {
      onGreeted: (greeted: Connection) => void this.#waitingHello.delete(greeted),
      onClosed: (closed: Connection) => {
        this.#waitingHello.delete(closed);
        this.#connections.delete(closed);
        this.#departure.left();
      },
    };
    const connection = new Connection(client, this.#connectionDeps, events, this.#flushes.gate(socket));
    this.#connections.add(connection);
    this.#waitingHello.add(connection);
    client.on('message', (data: Buffer, isBinary) => connection.receive(data, isBinary));
    client.on('ping', () => connection.receiveControl(false));
    client.on('pong', () => connection.receiveControl(true));
    client.on('close', (code) => connection.socketClosed(code));
    client.on('error', (err: NodeJS.ErrnoException) => connection.socketFailed(err.code ?? 'socket'));
  }
}

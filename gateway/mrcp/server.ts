import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Clock } from '../../config/clock.js';
import { mrcpLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { ConnectionCloseReason } from './errors.js';
import type { GrammarCompiler } from './grammar-compiler.js';
import { headerValue } from './message.js';
import type { MrcpRequest } from './message.js';
import { MrcpSession } from './mrcp-session.js';
import type { MrcpSessionDelegate, MrcpSessionOptions } from './mrcp-session.js';
import { recogDefaults } from './recog-parameters.js';
import { responseTo } from './reply-message.js';
import { failure } from './resource.js';
import { ServerConnection } from './server-connection.js';
import type { ConnectionSocket } from './server-connection.js';
import { status } from './status.js';
import type { StatusCode } from './status.js';

export type { MrcpSession, MrcpSessionDelegate } from './mrcp-session.js';

/** Where to listen, and everything about sessions that has a default. */
export interface MrcpServerOptions extends Partial<MrcpSessionOptions> {
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface MrcpServerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly compileGrammar: GrammarCompiler;
}

/** Gauges (the first four) and counters since start. */
export interface MrcpServerStats {
  readonly connections: number;
  readonly sessions: number;
  readonly channels: number;
  /** Octets of unfinished messages. */
  readonly bufferedBytes: number;
  readonly requests: number;
  /** Answered with a 4xx or 5xx (RFC 6787 5.4). */
  readonly failedRequests: number;
  readonly garbageLines: number;
  readonly malformedHeaders: number;
  readonly lengthMismatches: number;
  readonly closedConnections: Readonly<Partial<Record<ConnectionCloseReason, number>>>;
}

const supportedVersion = '2.0';
const sessionIdBytes = 8;
const keepAliveMs = 60_000;

/** The options in force: RFC 6787 5.2 makes `strict` the default for request-ids. */
function sessionOptions(options: MrcpServerOptions): MrcpSessionOptions {
  return {
    requestIdPolicy: options.requestIdPolicy ?? 'strict',
    connectDeadlineMs: options.connectDeadlineMs ?? mrcpLimits.connectDeadlineMs,
    inactivityMs: options.inactivityMs ?? mrcpLimits.inactivityMs,
    connectionLostGraceMs: options.connectionLostGraceMs ?? mrcpLimits.connectionLostGraceMs,
    strictBuiltins: options.strictBuiltins ?? false,
    strictCancelIfQueue: options.strictCancelIfQueue ?? false,
    recogDefaults: options.recogDefaults ?? recogDefaults,
  };
}

/**
 * The MRCPv2 server: a TCP listener whose connections carry the channels of any session (RFC 6787 4).
 *
 * A request goes connection -> server (version, Channel-Identifier) -> session (request-id) -> channel (method, header
 * fields) -> resource (state machine) -> backend.
 */
export class MrcpServer {
  readonly #options: MrcpServerOptions;
  readonly #sessionOptions: MrcpSessionOptions;
  readonly #deps: MrcpServerDeps;
  readonly #sessions = new Map<string, MrcpSession>();
  readonly #connections = new Set<ServerConnection>();
  readonly #closedConnections: Partial<Record<ConnectionCloseReason, number>> = {};
  readonly #totals: Totals = {
    failedRequests: 0,
    garbageLines: 0,
    malformedHeaders: 0,
    lengthMismatches: 0,
  };
  #listener: Server | null = null;
  #requests = 0;
  #bufferedBytes = 0;

  constructor(options: MrcpServerOptions, deps: MrcpServerDeps) {
    this.#options = options;
    this.#sessionOptions = sessionOptions(options);
    this.#deps = deps;
  }

  /** The TCP port in use; throws before `listen`. */
  get port(): number {
    const address = this.#listener?.address();
    if (!address || typeof address === 'string') throw new Error('the MRCP server does not listen');
    return (address satisfies AddressInfo).port;
  }

  /** Rejects when the address cannot be bound. */
  listen(): Promise<void> {
    const listener = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs },
      (socket) => this.#accept(socket),
    );
    this.#listener = listener;
    return new Promise((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.#options.port, this.#options.address, () => {
        listener.off('error', reject);
        listener.on('error', (err) => this.#deps.logger.error('MRCP listener failed', { err }));
        resolve();
      });
    });
  }

  stats(): MrcpServerStats {
    let channels = 0;
    for (const session of this.#sessions.values()) channels += session.channelCount;
    const totals: Totals = { ...this.#totals };
    for (const { counts } of this.#connections) addCounts(totals, counts);
    return {
      connections: this.#connections.size,
      sessions: this.#sessions.size,
      channels,
      bufferedBytes: this.#bufferedBytes,
      requests: this.#requests,
      ...totals,
      closedConnections: { ...this.#closedConnections },
    };
  }

  /**
   * A new session; the caller closes it. `id` is the first part of its Channel-Identifiers: hex digits that nobody can
   * guess (RFC 6787 6.2.1), our own when left out. Throws when there is one with that id.
   */
  openSession(delegate: MrcpSessionDelegate, id = this.#freshId()): MrcpSession {
    const { clock, random, logger, compileGrammar } = this.#deps;
    if (this.#sessions.has(id)) throw new Error(`there is an MRCP session ${id} already`);
    const session = new MrcpSession(id, delegate, this.#sessionOptions, {
      clock,
      random,
      logger,
      compileGrammar,
      mayBeConnected: (waiting) => this.#mayBeConnected(waiting),
      onSessionClosed: (closed) => void this.#sessions.delete(closed.id),
    });
    this.#sessions.set(id, session);
    return session;
  }

  /** Closes every session and connection; resolves when the port is free. Idempotent. */
  async close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    const closed = listener && new Promise<void>((resolve) => listener.close(() => resolve()));
    for (const session of [...this.#sessions.values()]) session.close();
    for (const connection of [...this.#connections]) connection.close('server-closed');
    await closed;
  }

  /** Takes a connected socket on as an MRCP connection: the caller feeds `receive` and tells its end with `close`. */
  adopt(socket: ConnectionSocket, peer: string): ServerConnection {
    const connection = new ServerConnection(socket, {
      clock: this.#deps.clock,
      logger: this.#deps.logger.child({ peer }),
      limits: mrcpLimits,
      owner: {
        reserve: (octets) => this.#reserve(octets),
        isChannelAwaited: () => this.#isChannelAwaited(),
        onRequest: (from, request) => this.#onRequest(from, request),
        onConnectionClosed: (from, reason) => this.#onConnectionClosed(from, reason),
      },
    });
    this.#connections.add(connection);
    return connection;
  }

  #freshId(): string {
    let id = this.#deps.random.hex(sessionIdBytes);
    while (this.#sessions.has(id)) id = this.#deps.random.hex(sessionIdBytes);
    return id;
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= mrcpLimits.connections) {
      this.#countClosed('too-many-connections');
      socket.on('error', () => socket.destroy());
      socket.destroy();
      return;
    }
    const connection = this.adopt(socket, `${socket.remoteAddress}:${socket.remotePort}`);
    socket.on('data', (chunk: Buffer) => connection.receive(chunk));
    socket.on('error', () => connection.close('socket-error'));
    socket.on('close', () => connection.close('peer-closed'));
  }

  #reserve(octets: number): boolean {
    this.#bufferedBytes += octets;
    return octets < 0 || this.#bufferedBytes <= mrcpLimits.bufferedBytes;
  }

  #isChannelAwaited(): boolean {
    for (const session of this.#sessions.values()) {
      if (session.awaitsChannel) return true;
    }
    return false;
  }

  /**
   * Nothing on a connection says whose it is before its first message. One that carries no channel can vouch for one
   * silent session, opened before it: a connection that somebody left open keeps no crowd of half-open sessions alive.
   */
  #mayBeConnected(session: MrcpSession): boolean {
    if (session.sharesConnection) return this.#connections.size > 0;
    const idle = [...this.#connections].filter(({ channelCount }) => channelCount === 0);
    idle.sort((a, b) => b.openedAtMs - a.openedAtMs);
    const silent = [...this.#sessions.values()].filter((other) => other.silent && !other.sharesConnection);
    silent.sort((a, b) => b.openedAtMs - a.openedAtMs);
    for (const other of silent) {
      // Clients connect when the SIP answer is there: the youngest session takes the latest connection.
      const own = idle[0] && idle[0].openedAtMs >= other.openedAtMs ? idle.shift() : undefined;
      if (other === session) return own !== undefined;
    }
    return false;
  }

  #onConnectionClosed(connection: ServerConnection, reason: ConnectionCloseReason): void {
    this.#connections.delete(connection);
    this.#countClosed(reason);
    addCounts(this.#totals, connection.counts);
  }

  #countClosed(reason: ConnectionCloseReason): void {
    this.#closedConnections[reason] = (this.#closedConnections[reason] ?? 0) + 1;
  }

  #onRequest(connection: ServerConnection, request: MrcpRequest): void {
    this.#requests++;
    const channelId = headerValue(request.headers, 'Channel-Identifier');
    if (request.version !== supportedVersion)
      return this.#refuse(connection, request, status.versionNotSupported, channelId);
    if (!channelId) return this.#refuse(connection, request, status.mandatoryHeaderMissing, null);
    const session = this.#sessions.get(channelId.split('@', 1)[0]?.toLowerCase() ?? '');
    const channel = session?.channel(channelId);
    if (!session || !channel) return this.#refuse(connection, request, status.noSuchResource, channelId);

    if (channel.connection !== connection) {
      // A channel lives on one connection; another may take it over only when that one is gone.
      if (channel.connection) return this.#refuse(connection, request, status.noSuchResource, channelId);
      if (!connection.attach(channel))
        return this.#refuse(connection, request, status.internalError, channelId);
      session.onChannelAttached();
    }
    session.receive(channel, connection, request);
  }

  #refuse(
    connection: ServerConnection,
    request: MrcpRequest,
    code: StatusCode,
    channelId: string | null,
  ): void {
    connection.send(responseTo(request, failure(code), channelId));
  }
}

type Totals = Record<'failedRequests' | 'garbageLines' | 'malformedHeaders' | 'lengthMismatches', number>;

function addCounts(totals: Totals, counts: Readonly<Totals>): void {
  totals.failedRequests += counts.failedRequests;
  totals.garbageLines += counts.garbageLines;
  totals.malformedHeaders += counts.malformedHeaders;
  totals.lengthMismatches += counts.lengthMismatches;
}

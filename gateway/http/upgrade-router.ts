import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Clock, Timer } from '../../config/clock.js';
import { httpLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { HttpErrorCode } from './errors.js';

/** A connection that asks for another protocol (RFC 9110 7.8), until it is accepted or refused. */
export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** The first octets of the new protocol, if some came already. */
  readonly head: Buffer;
  /** Path and query of the request. */
  readonly url: URL;
  /** True once it was refused, given up or left: nothing may be done with the socket any more. */
  readonly over: boolean;
  /** The handler takes the socket over; false when it is too late. Call it just before writing the 101. */
  accept(): boolean;
  /** Answers with `{error: {code, message}}` and closes; without effect after `accept`. */
  refuse(
    status: number,
    code: UpgradeErrorCode,
    message: string,
    headers?: readonly (readonly [string, string])[],
  ): void;
}

export type UpgradeErrorCode = HttpErrorCode | 'unavailable' | 'upgrade-required';

/** Answers upgrades of one path; may take up to `httpLimits.upgradeMs` to accept or refuse. */
export type UpgradeHandler = (upgrade: UpgradeRequest) => void;

export interface UpgradeRouterDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What happened to upgrades since the start, and how many wait now. */
export interface UpgradeStats {
  readonly accepted: number;
  readonly refused: number;
  readonly pending: number;
  /** Sockets that were handed over and are still open. */
  readonly open: number;
}

/**
 * Gives connections that ask for WebSocket to the handler of their path; all others are refused and closed.
 *
 * Node hands every upgrade of the port to one listener and forgets the socket, so that bounds, deadlines and the end of
 * what nobody closes are kept here.
 */
export class UpgradeRouter {
  readonly #deps: UpgradeRouterDeps;
  readonly #handlers = new Map<string, UpgradeHandler>();
  readonly #pending = new Set<PendingUpgrade>();
  readonly #open = new Set<Duplex>();
  #accepted = 0;
  #refused = 0;
  #closed = false;

  constructor(deps: UpgradeRouterDeps) {
    this.#deps = deps;
  }

  /** Registers the handler of an exact path; a path has one. */
  add(path: string, handler: UpgradeHandler): void {
    if (this.#handlers.has(path)) throw new Error(`the path ${path} has an upgrade handler already`);
    this.#handlers.set(path, handler);
  }

  /** Takes the upgrades of a server from now on. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.handle(request, socket, head),
    );
  }

  stats(): UpgradeStats {
    return {
      accepted: this.#accepted,
      refused: this.#refused,
      pending: this.#pending.size,
      open: this.#open.size,
    };
  }

  /** Takes one upgrade: finds its handler or refuses it. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A socket whose peer resets it emits an error, which ends the process when nobody listens.
    socket.on('error', () => socket.destroy());
    const url = parseUrl(request.url ?? '');
    const upgrade = new PendingUpgrade(request, socket, head, url ?? new URL('http://invalid/'), {
      clock: this.#deps.clock,
      onSettled: (accepted) => this.#settle(upgrade, accepted),
    });
    this.#pending.add(upgrade);
    const handler = url && this.#handlers.get(url.pathname);
    if (this.#closed) upgrade.refuse(503, 'unavailable', 'the node is stopping');
    else if (this.#pending.size > httpLimits.pendingUpgrades)
      upgrade.refuse(503, 'unavailable', 'too many connections are being set up', [['Retry-After', '1']]);
    else if (!url || (request.url?.length ?? 0) > httpLimits.urlCharacters)
      upgrade.refuse(414, 'url-too-long', `a URL has at most ${httpLimits.urlCharacters} characters`);
    else if (!handler) upgrade.refuse(404, 'not-found', 'no protocol can be switched to at this path');
    else if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket')
      upgrade.refuse(426, 'upgrade-required', 'send GET with Upgrade: websocket', [['Upgrade', 'websocket']]);
    else this.#call(handler, upgrade);
  }

  /** Refuses what is pending and destroys every socket that is still open. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const upgrade of [...this.#pending]) upgrade.refuse(503, 'unavailable', 'the node is stopping');
    for (const socket of this.#open) socket.destroy();
  }

  #call(handler: UpgradeHandler, upgrade: PendingUpgrade): void {
    try {
      handler(upgrade);
    } catch (err) {
      this.#deps.logger.error('upgrade handler failed', { err });
      upgrade.refuse(500, 'internal', 'the request failed; the log of the server says why');
    }
  }

  #settle(upgrade: PendingUpgrade, accepted: boolean): void {
    this.#pending.delete(upgrade);
    if (!accepted) {
      this.#refused++;
      return;
    }
    this.#accepted++;
    const { socket } = upgrade;
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }
}

class PendingUpgrade implements UpgradeRequest {
  readonly #onSettled: (accepted: boolean) => void;
  readonly #deadline: Timer;
  readonly #onClose = (): void => this.#settle(false);
  #state: 'pending' | 'accepted' | 'over' = 'pending';

  constructor(
    readonly request: IncomingMessage,
    readonly socket: Duplex,
    readonly head: Buffer,
    readonly url: URL,
    deps: { readonly clock: Clock; onSettled(accepted: boolean): void },
  ) {
    this.#onSettled = (accepted) => deps.onSettled(accepted);
    this.#deadline = deps.clock.setTimer(
      () => this.refuse(408, 'timeout', 'the upgrade took too long'),
      httpLimits.upgradeMs,
    );
    socket.once('close', this.#onClose);
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  accept(): boolean {
    if (this.#state !== 'pending' || this.socket.destroyed) return false;
    this.#settle(true);
    return true;
  }

  refuse(
    status: number,
    code: UpgradeErrorCode,
    message: string,
    headers: readonly (readonly [string, string])[] = [],
  ): void {
    if (this.#state !== 'pending') return;
    this.#settle(false);
    const body = JSON.stringify({ error: { code, message } });
    const lines = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ];
    // The answer leaves before the connection goes; whoever does not close its end is cut all the same.
    this.socket.once('finish', () => this.socket.destroy());
    this.socket.end([...lines, '', body].join('\r\n'));
  }

  #settle(accepted: boolean): void {
    if (this.#state !== 'pending') return;
    this.#state = accepted ? 'accepted' : 'over';
    this.#deadline.cancel();
    this.socket.off('close', this.#onClose);
    this.#onSettled(accepted);
  }
}

/** Null for what is no path of this server. */
function parseUrl(text: string): URL | null {
  if (!text.startsWith('/') || text.startsWith('//')) return null;
  try {
    return new URL(text, 'http://localhost');
  } catch {
    return null;
  }
}

import type { Timer } from '../../config/clock.js';
import type { Random } from '../../config/random.js';
import type { ClientSocket } from './client-writer.js';
import type { TimerWheel } from './timer-wheel.js';

export interface HeartbeatDeps {
  readonly wheel: TimerWheel;
  readonly random: Random;
  readonly pingMs: number;
}

export interface HeartbeatEvents {
  onNoPong(): void;
  /** True: bytes wait before the ping, so that a missing pong proves nothing. */
  isBusyWriting(): boolean;
}

/**
 * A WebSocket ping (RFC 6455 5.5.2) every `pingMs`, all from one wheel; the pong has to be there before the next one.
 *
 * The first comes after half the time or more, at random, so that clients that came together do not stay together.
 */
export class Heartbeat {
  readonly #socket: ClientSocket;
  readonly #deps: HeartbeatDeps;
  readonly #events: HeartbeatEvents;
  #timer: Timer | null = null;
  #awaitsPong = false;

  constructor(socket: ClientSocket, deps: HeartbeatDeps, events: HeartbeatEvents) {
    this.#socket = socket;
    this.#deps = deps;
    this.#events = events;
  }

  start(): void {
    const { pingMs, random } = this.#deps;
    const half = Math.ceil(pingMs / 2);
    this.#beatIn(pingMs - random.integer(half));
  }

  /** False: nobody asked. */
  ponged(): boolean {
    const asked = this.#awaitsPong;
    this.#awaitsPong = false;
    return asked;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #beatIn(delayMs: number): void {
    this.#timer = this.#deps.wheel.after(delayMs, () => this.#beat());
  }

  #beat(): void {
    this.#timer = null;
    if (this.#awaitsPong && !this.#events.isBusyWriting()) {
      this.#events.onNoPong();
      return;
    }
    if (!this.#awaitsPong) this.#socket.ping();
    this.#awaitsPong = true;
    this.#beatIn(this.#deps.pingMs);
  }
}

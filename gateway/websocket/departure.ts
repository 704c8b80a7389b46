import type { Clock, Timer } from '../../config/clock.js';
import { chatSocketLimits } from '../../config/limits.js';
import type { Random } from '../../config/random.js';
import type { Connection } from './connection.js';

/**
 * Sends all connections away, a few at each step, so that the nodes which take them over get no wave.
 *
 * Each is told to come back after a time of its own, drawn evenly from `reconnectSpreadMs`.
 */
export class Departure {
  readonly #connections: ReadonlySet<Connection>;
  readonly #clock: Clock;
  readonly #random: Random;
  #endMs: number | null = null;
  #timer: Timer | null = null;
  readonly #waiting: (() => void)[] = [];

  constructor(connections: ReadonlySet<Connection>, clock: Clock, random: Random) {
    this.#connections = connections;
    this.#clock = clock;
    this.#random = random;
  }

  get started(): boolean {
    return this.#endMs !== null;
  }

  /** Begun again with less time, it is hurried. Resolves when all are gone. */
  begin(overMs: number): Promise<void> {
    const endMs = this.#clock.nowMs() + overMs;
    this.#endMs = Math.min(this.#endMs ?? endMs, endMs);
    this.#timer?.cancel();
    this.#step();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.left();
    });
  }

  /** A connection has gone. */
  left(): void {
    if (!this.started || this.#connections.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #step(): void {
    const leftMs = (this.#endMs ?? 0) - this.#clock.nowMs();
    const staying = [...this.#connections].filter(({ state }) => state !== 'closing');
    const steps = Math.floor(Math.max(0, leftMs) / chatSocketLimits.drainStepMs) + 1;
    for (const connection of staying.slice(0, Math.ceil(staying.length / steps)))
      connection.sendAway(this.#random.integer(chatSocketLimits.reconnectSpreadMs));
    this.#timer = steps > 1 ? this.#clock.setTimer(() => this.#step(), chatSocketLimits.drainStepMs) : null;
  }
}

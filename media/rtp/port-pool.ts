import type { Clock } from '../../config/clock.js';

/** An inclusive range of UDP ports. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** How long a port rests after use while there are others, so that stragglers of the last call do not reach the next. */
export const portQuarantineMs = 2_000;

interface RestingPort {
  readonly port: number;
  readonly freeAtMs: number;
}

/** The part of a range that belongs to one of `count` workers: whole pairs, as even as they divide. */
export function partitionPorts(range: PortRange, index: number, count: number): PortRange {
  const first = range.from + (range.from % 2);
  const pairs = Math.max(0, Math.floor((range.to - first) / 2) + 1);
  const start = Math.floor((pairs * index) / count);
  const end = Math.floor((pairs * (index + 1)) / count);
  return { from: first + start * 2, to: first + end * 2 - 1 };
}

/**
 * Hands out even ports (RFC 3550 11: RTP even, RTCP the next odd one) of a range, longest unused first.
 *
 * A port that still rests is better than a refused call: it is given when no other is left (`SourceLock` deals with
 * stragglers). Needs no timer: resting ports come back when `acquire` looks for them.
 */
export class PortPool {
  readonly #free: number[] = [];
  readonly #resting: RestingPort[] = [];
  readonly #taken = new Set<number>();
  readonly #clock: Clock;

  constructor(range: PortRange, clock: Clock) {
    this.#clock = clock;
    for (let port = range.from + (range.from % 2); port <= range.to; port += 2) this.#free.push(port);
  }

  /** Ports that `acquire` could give now. */
  get available(): number {
    return this.#free.length + this.#resting.length;
  }

  get taken(): number {
    return this.#taken.size;
  }

  /** A port, or null when all are in use. */
  acquire(): number | null {
    this.#wake();
    const port = this.#free.shift() ?? this.#resting.shift()?.port;
    if (port === undefined) return null;
    this.#taken.add(port);
    return port;
  }

  /** Gives a port back; it rests for `portQuarantineMs` if it can. Unknown ports are ignored. */
  release(port: number): void {
    if (!this.#taken.delete(port)) return;
    this.#resting.push({ port, freeAtMs: this.#clock.nowMs() + portQuarantineMs });
  }

  #wake(): void {
    const nowMs = this.#clock.nowMs();
    for (let first = this.#resting[0]; first && first.freeAtMs <= nowMs; first = this.#resting[0]) {
      this.#resting.shift();
      this.#free.push(first.port);
    }
  }
}

import { readFileSync } from 'node:fs';

import type { Clock, Timer } from '../config/clock.js';

/** The longest time that the event loop was held, in milliseconds. */
export interface LongestBlock {
  /** As a caller would wait, other programs on the machine included. */
  readonly wallMs: number;
  /** What the thread itself worked meanwhile, whichever block that was; null where the system does not tell. */
  readonly processorMs: number | null;
}

/** Watches how long the event loop is held between two turns, from construction until `stop`. */
export class BlockWatch {
  readonly #clock: Clock;
  readonly #processorMs: () => number | null;
  #timer: Timer | null = null;
  #seenMs: number;
  #seenProcessorMs: number | null;
  #wallMs = 0;
  #longestProcessorMs = 0;

  constructor(clock: Clock, processorMs: () => number | null = mainThreadProcessorMs) {
    this.#clock = clock;
    this.#processorMs = processorMs;
    this.#seenMs = clock.nowMs();
    this.#seenProcessorMs = processorMs();
    this.#again();
  }

  stop(): LongestBlock {
    this.#timer?.cancel();
    this.#timer = null;
    this.#look();
    return {
      wallMs: this.#wallMs,
      processorMs: this.#seenProcessorMs === null ? null : this.#longestProcessorMs,
    };
  }

  #again(): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#look();
      this.#again();
    }, 1);
  }

  #look(): void {
    const [nowMs, processorMs] = [this.#clock.nowMs(), this.#processorMs()];
    this.#wallMs = Math.max(this.#wallMs, nowMs - this.#seenMs);
    if (processorMs !== null)
      this.#longestProcessorMs = Math.max(
        this.#longestProcessorMs,
        processorMs - (this.#seenProcessorMs ?? processorMs),
      );
    this.#seenMs = nowMs;
    this.#seenProcessorMs = processorMs;
  }
}

/** Processor time of the main thread so far, exact to a tick of the scheduler (1 to 4 ms); null outside Linux. */
export function mainThreadProcessorMs(): number | null {
  if (process.platform !== 'linux') return null;
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds) / 1e6;
}

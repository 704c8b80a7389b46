import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Clock, Timer } from '../../config/clock.js';

/** The part of `perf_hooks.IntervalHistogram` that is used; values are nanoseconds. */
export interface DelayHistogram {
  enable(): boolean;
  disable(): boolean;
  reset(): void;
  percentile(percentile: number): number;
}

const windowMs = 5_000;
const resolutionMs = 10;

/**
 * How late the event loop runs, at the 99th percentile of the last 5 to 10 seconds.
 *
 * Calls are refused above a budget, so that the value must neither remember a burst for ever nor forget it at a
 * scrape: it is the worse of the finished window and the running one.
 */
export class EventLoopGauge {
  readonly #clock: Clock;
  readonly #histogram: DelayHistogram;
  #finishedMs = 0;
  #timer: Timer | null = null;

  constructor(clock: Clock, histogram: DelayHistogram = monitorEventLoopDelay({ resolution: resolutionMs })) {
    this.#clock = clock;
    this.#histogram = histogram;
  }

  start(): void {
    if (this.#timer) return;
    this.#histogram.enable();
    this.#arm();
  }

  /** Milliseconds beyond the sampling interval; 0 before the first sample. */
  p99Ms(): number {
    return Math.max(this.#finishedMs, this.#runningMs());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#histogram.disable();
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#finishedMs = this.#runningMs();
      this.#histogram.reset();
      this.#arm();
    }, windowMs);
  }

  #runningMs(): number {
    return Math.max(0, this.#histogram.percentile(99) / 1e6 - resolutionMs);
  }
}

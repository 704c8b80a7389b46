/**
 * A rate as the generic cell rate algorithm has it: a burst of `perTenSeconds`, and so many in ten seconds on average.
 *
 * Holds one number, so that a caller costs nothing while it is quiet.
 */
export class RequestRate {
  readonly #intervalMs: number;
  readonly #burstMs: number;
  /** When the requests admitted so far would have come if they had come evenly. */
  #evenMs = -Infinity;

  constructor(perTenSeconds: number) {
    this.#intervalMs = 10_000 / perTenSeconds;
    this.#burstMs = 10_000 - this.#intervalMs;
  }

  /** 0: the request may pass and counts. Otherwise milliseconds until one may; it does not count. */
  admit(nowMs: number): number {
    const evenMs = Math.max(this.#evenMs, nowMs);
    const waitMs = evenMs - nowMs - this.#burstMs;
    if (waitMs > 0.001) return waitMs;
    this.#evenMs = evenMs + this.#intervalMs;
    return 0;
  }
}

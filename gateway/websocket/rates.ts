/**
 * At most `limit` events in any window; exact, and as large as what it has seen.
 *
 * A client that keeps the bound is never refused, as it would be by an estimate.
 */
export class SlidingWindow {
  readonly #limit: number;
  readonly #windowMs: number;
  /** The latest events; a ring once it is full. */
  readonly #times: number[] = [];
  #oldest = 0;

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** 0: counted. Otherwise not counted: milliseconds until there is room. */
  take(nowMs: number): number {
    if (this.#times.length < this.#limit) {
      this.#times.push(nowMs);
      return 0;
    }
    const waitMs = (this.#times[this.#oldest] ?? 0) + this.#windowMs - nowMs;
    if (waitMs > 0) return waitMs;
    this.#times[this.#oldest] = nowMs;
    this.#oldest = (this.#oldest + 1) % this.#limit;
    return 0;
  }

  /** Nothing that it remembers counts any more. */
  isIdle(nowMs: number): boolean {
    const latest = this.#times[(this.#oldest + this.#times.length - 1) % Math.max(1, this.#times.length)];
    return latest === undefined || latest + this.#windowMs <= nowMs;
  }
}

/** `limit` at once, refilled evenly over the window; three numbers, for what every connection has. */
export class TokenBucket {
  readonly #limit: number;
  readonly #perMs: number;
  #tokens: number;
  #atMs: number;

  constructor(limit: number, windowMs: number, nowMs: number) {
    this.#limit = limit;
    this.#perMs = limit / windowMs;
    this.#tokens = limit;
    this.#atMs = nowMs;
  }

  take(nowMs: number): boolean {
    this.#tokens = Math.min(this.#limit, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Milliseconds until one more is there. */
  get waitMs(): number {
    return Math.max(0, Math.ceil((1 - this.#tokens) / this.#perMs));
  }
}

/** Upper bounds of the buckets in milliseconds; the last is open. */
const boundsMs = [0.5, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 50, 100, 200, 500, Infinity];

/** How late ticks were in a period; `p99Ms` is the upper bound of its bucket, at most `maxMs`. */
export interface LatenessSnapshot {
  readonly ticks: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Counts latenesses in fixed buckets: cheap enough for every tick. */
export class LatenessHistogram {
  readonly #counts = new Uint32Array(boundsMs.length);
  #ticks = 0;
  #maxMs = 0;

  add(latenessMs: number): void {
    let bucket = 0;
    while (latenessMs > (boundsMs[bucket] ?? Infinity)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#ticks++;
    if (latenessMs > this.#maxMs) this.#maxMs = latenessMs;
  }

  /** What was counted since the last `take`. */
  take(): LatenessSnapshot {
    const snapshot = { ticks: this.#ticks, p99Ms: this.#percentile(0.99), maxMs: this.#maxMs };
    this.#counts.fill(0);
    this.#ticks = 0;
    this.#maxMs = 0;
    return snapshot;
  }

  #percentile(part: number): number {
    let left = Math.ceil(this.#ticks * part);
    for (let bucket = 0; bucket < boundsMs.length; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return Math.min(boundsMs[bucket] ?? Infinity, this.#maxMs);
    }
    return this.#maxMs;
  }
}

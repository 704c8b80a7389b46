/** Calls everyone who joined once each packet time, drift-corrected; rests while nobody has joined. */
export class PacedLoop {
  readonly #ticks = new Set<() => void>();
  readonly #periodMs: number;
  #nextMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** Returns how to leave. */
  join(tick: () => void): () => void {
    this.#ticks.add(tick);
    if (!this.#timer) {
      this.#nextMs = performance.now() + this.#periodMs;
      this.#schedule();
    }
    return () => this.#ticks.delete(tick);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.#run(), Math.max(0, Math.ceil(this.#nextMs - performance.now())));
  }

  #run(): void {
    this.#timer = null;
    for (; this.#nextMs <= performance.now(); this.#nextMs += this.#periodMs)
      for (const tick of [...this.#ticks]) tick();
    if (this.#ticks.size > 0) this.#schedule();
  }
}

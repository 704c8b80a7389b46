/** A place was given, there is no room to wait, or the signal aborted while waiting. */
export type Placement = 'given' | 'full' | 'aborted';

/** So many may run at the same time; a bounded number waits, first come first served. */
export class Places {
  readonly #waiting = new Set<() => void>();
  readonly #most: number;
  readonly #mostWaiting: number;
  #taken = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whoever is `given` a place must `leave` it. */
  take(signal: AbortSignal): Promise<Placement> {
    if (signal.aborted) return Promise.resolve('aborted');
    if (this.#taken < this.#most) {
      this.#taken++;
      return Promise.resolve('given');
    }
    if (this.#waiting.size >= this.#mostWaiting) return Promise.resolve('full');
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#waiting.delete(give);
        resolve('aborted');
      };
      const give = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve('given');
      };
      this.#waiting.add(give);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Passes the place on to who waits longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (!next) this.#taken--;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

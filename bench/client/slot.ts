/** A value that comes once, now or later; waiting for it is bounded. */
export class Slot<T> {
  #settled: { readonly value: T } | { readonly error: Error } | null = null;
  readonly #waiters = new Set<() => void>();

  /** The first of `set` and `fail` counts. */
  set(value: T): void {
    this.#settle({ value });
  }

  fail(error: Error): void {
    this.#settle({ error });
  }

  get filled(): boolean {
    return this.#settled !== null;
  }

  /** Rejects after `timeoutMs`, naming `what` did not come. */
  wait(timeoutMs: number, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!this.#settled) return;
        clearTimeout(timer);
        this.#waiters.delete(look);
        if ('error' in this.#settled) reject(this.#settled.error);
        else resolve(this.#settled.value);
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(look);
        reject(new Error(`no ${what} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiters.add(look);
      look();
    });
  }

  #settle(settled: { readonly value: T } | { readonly error: Error }): void {
    if (this.#settled) return;
    this.#settled = settled;
    for (const look of [...this.#waiters]) look();
  }
}

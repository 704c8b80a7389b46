/** Work of one key one after another, of different keys at the same time. Empty when nothing runs. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<void>>();

  get size(): number {
    return this.#last.size;
  }

  /** Something of this key runs or waits. */
  has(key: string): boolean {
    return this.#last.has(key);
  }

  /** Runs `work` after all earlier work of this key. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#last.get(key) ?? Promise.resolve()).then(work);
    const ended: Promise<void> = result.then(
      () => this.#leave(key, ended),
      () => this.#leave(key, ended),
    );
    this.#last.set(key, ended);
    return result;
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }

  #leave(key: string, ended: Promise<void>): void {
    if (this.#last.get(key) === ended) this.#last.delete(key);
  }
}

/** What becomes of one message of this connection, in the order in which the client sent them. */
interface Waiting<T> {
  readonly id: string;
  result: T | null;
}

/**
 * Results that come in any order are told in the order in which they were begun; bounded by its owner.
 */
export class InOrder<T> {
  readonly #waiting: Waiting<T>[] = [];
  readonly #tell: (id: string, result: T) => void;

  constructor(tell: (id: string, result: T) => void) {
    this.#tell = tell;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** `work` must not reject. */
  begin(id: string, work: Promise<T>): void {
    const entry: Waiting<T> = { id, result: null };
    this.#waiting.push(entry);
    void work.then((result) => {
      entry.result = result;
      this.#tellDone();
    });
  }

  #tellDone(): void {
    for (let first = this.#waiting[0]; first && first.result !== null; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#tell(first.id, first.result);
    }
  }
}

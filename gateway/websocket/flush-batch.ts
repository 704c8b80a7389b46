/** A socket that can hold back what is written, to send it together. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

/** Gathers what is written to each socket in one turn of the event loop into one system call. */
export class FlushBatch {
  #open: (() => void)[] = [];
  readonly #later: (flush: () => void) => void;

  /** `later` calls back once this turn of the loop has been handled: setImmediate, unless a test says otherwise. */
  constructor(later: (flush: () => void) => void = setImmediate) {
    this.#later = later;
  }

  /** The gate of one socket: call it before each write. */
  gate(socket: Corkable): () => void {
    let corked = false;
    const uncork = () => {
      corked = false;
      socket.uncork();
    };
    return () => {
      if (corked) return;
      corked = true;
      socket.cork();
      if (this.#open.push(uncork) === 1) this.#later(this.#flush);
    };
  }

  readonly #flush = (): void => {
    const open = this.#open;
    this.#open = [];
    for (const uncork of open) uncork();
  };
}

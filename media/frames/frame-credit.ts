/** Places in the memory that two threads share: octets that each has taken of what the other sent, modulo 2^32. */
const creditWords = 2;

/** Which way audio goes between the main thread and a worker. */
export type FrameDirection = 'to-worker' | 'to-main';

/** Memory for the credits of one pair of threads. */
export function createCreditMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(creditWords * Int32Array.BYTES_PER_ELEMENT);
}

/**
 * Bounds what is under way from one thread to the other: the sender counts what it posts, the receiver what it took.
 *
 * A thread that hangs takes nothing, so that its peer stops posting instead of filling its queue.
 */
export class FrameCredit {
  readonly #taken: Int32Array;
  readonly #index: number;
  #posted = 0;

  constructor(memory: SharedArrayBuffer, direction: FrameDirection) {
    this.#taken = new Int32Array(memory);
    this.#index = direction === 'to-worker' ? 0 : 1;
  }

  /** Octets posted and not taken yet. */
  get underWay(): number {
    return (this.#posted - Atomics.load(this.#taken, this.#index)) | 0;
  }

  /** By the sender. */
  post(octets: number): void {
    this.#posted = (this.#posted + octets) | 0;
  }

  /** By the receiver. */
  take(octets: number): void {
    Atomics.add(this.#taken, this.#index, octets);
  }
}

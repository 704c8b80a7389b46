import type { SeededRandom } from '../../config/random.js';

export interface PathFaults {
  /** Share of datagrams that vanish, 0 to 1. */
  readonly dropped: number;
  /** Share of datagrams that arrive after the one that was sent next. */
  readonly overtaken: number;
}

/** One direction of a bad network: drops and reorders datagrams, the same ones for the same seed. */
export class LossyPath {
  readonly #faults: PathFaults;
  readonly #random: SeededRandom;
  readonly #deliver: (bytes: Uint8Array) => void;
  #held: Uint8Array | null = null;
  #carried = 0;
  #dropped = 0;
  #overtaken = 0;

  constructor(faults: PathFaults, random: SeededRandom, deliver: (bytes: Uint8Array) => void) {
    this.#faults = faults;
    this.#random = random;
    this.#deliver = deliver;
  }

  /** What happened so far, for a test to see that its network was as bad as it thinks. */
  get counts(): { readonly carried: number; readonly dropped: number; readonly overtaken: number } {
    return { carried: this.#carried, dropped: this.#dropped, overtaken: this.#overtaken };
  }

  /** Takes a datagram; `bytes` may be kept until the next one. */
  carry(bytes: Uint8Array): void {
    this.#carried++;
    const fate = this.#random.next();
    if (fate < this.#faults.dropped) {
      this.#dropped++;
    } else if (!this.#held && fate < this.#faults.dropped + this.#faults.overtaken) {
      this.#overtaken++;
      this.#held = bytes;
    } else {
      this.#deliver(bytes);
      this.#release();
    }
  }

  #release(): void {
    const held = this.#held;
    this.#held = null;
    if (held) this.#deliver(held);
  }
}

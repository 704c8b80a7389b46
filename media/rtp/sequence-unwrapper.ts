/** RFC 3550 A.1: a forward jump below this is loss, beyond it the sender may have restarted. */
const maxDropout = 3_000;
/** RFC 3550 A.1: a packet at most this far behind is reordered, not a restart. */
const maxMisorder = 100;

/**
 * Extends 16-bit sequence numbers to ones that do not wrap (RFC 3550 A.1).
 *
 * A large jump is believed only when the next packet continues it; `restarts` counts how often that happened.
 */
export class SequenceUnwrapper {
  #highest = -1;
  /** The sequence number that would confirm a jump, or -1. */
  #expectedAfterJump = -1;
  #restarts = 0;

  /** The highest extended number so far, or -1 before the first packet. */
  get highest(): number {
    return this.#highest;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** The extended number of a packet, or -1 when it is to be dropped as the unconfirmed start of a jump. */
  unwrap(sequenceNumber: number): number {
    if (this.#highest < 0) {
      // One cycle up, so that packets reordered before the very first one stay above zero.
      this.#highest = 65_536 + sequenceNumber;
      return this.#highest;
    }
    const forward = (sequenceNumber - this.#highest) & 0xffff;
    if (forward < maxDropout) {
      this.#expectedAfterJump = -1;
      this.#highest += forward;
      return this.#highest;
    }
    if (forward > 65_536 - maxMisorder) return this.#highest + forward - 65_536;
    if (sequenceNumber !== this.#expectedAfterJump) {
      this.#expectedAfterJump = (sequenceNumber + 1) & 0xffff;
      return -1;
    }
    this.#expectedAfterJump = -1;
    this.#restarts++;
    // The next cycle keeps the numbers rising across the restart.
    this.#highest = (Math.floor(this.#highest / 65_536) + 1) * 65_536 + sequenceNumber;
    return this.#highest;
  }

  reset(): void {
    this.#highest = -1;
    this.#expectedAfterJump = -1;
  }
}

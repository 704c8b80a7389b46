import type { Random } from '../../config/random.js';

/**
 * Numbers the packets we send: random SSRC, first sequence number and first timestamp (RFC 3550 5.1 and 8.1).
 *
 * The timestamp follows the clock between talkspurts and the samples within one, and never goes back.
 */
export class Sequencer {
  readonly ssrc: number;
  #sequenceNumber: number;
  #timestamp: number;
  #originMs: number;
  #clockRateHz: number;
  /** Samples from the origin to `#timestamp`. */
  #elapsedSamples = 0;
  #marker = true;

  constructor(clockRateHz: number, nowMs: number, random: Random) {
    this.ssrc = random.integer(0x1_0000_0000);
    this.#sequenceNumber = random.integer(0x1_0000);
    this.#timestamp = random.integer(0x1_0000_0000);
    this.#originMs = nowMs;
    this.#clockRateHz = clockRateHz;
  }

  /** Timestamp of the next audio packet. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** Begins a talkspurt: the timestamp catches up with the clock and the next packet bears the marker (RFC 3551 4.1). */
  startTalkspurt(nowMs: number): void {
    const due = Math.round(((nowMs - this.#originMs) * this.#clockRateHz) / 1_000);
    if (due > this.#elapsedSamples) this.advance(due - this.#elapsedSamples);
    this.#marker = true;
  }

  /** Takes the marker for the next audio packet: true once per talkspurt. */
  takeMarker(): boolean {
    const marker = this.#marker;
    this.#marker = false;
    return marker;
  }

  /** The sequence number for the next packet of any kind; every call counts one up. */
  takeSequenceNumber(): number {
    const taken = this.#sequenceNumber;
    this.#sequenceNumber = (taken + 1) & 0xffff;
    return taken;
  }

  /** Moves the timestamp past what was sent. */
  advance(samples: number): void {
    this.#timestamp = (this.#timestamp + samples) >>> 0;
    this.#elapsedSamples += samples;
  }

  /** Goes on at another clock rate (a new codec) from the same timestamp. */
  changeClockRate(clockRateHz: number, nowMs: number): void {
    this.#clockRateHz = clockRateHz;
    this.#originMs = nowMs;
    this.#elapsedSamples = 0;
  }
}

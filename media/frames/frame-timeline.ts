/** A client's clock that differs from the audio it sent by less than this is the same clock, read with jitter. */
const toleranceMs = 20;
/** A step back in time that is a new beginning and no frame that comes late. */
const restartMs = 1_000;
/** So many frames in a row that seem late are a clock that says nothing. */
const mistrustAfter = 5;

/**
 * Where each frame of a client stands in its audio, in samples from the first one.
 *
 * Clients that give times say by them what is missing, late or double; without, frames follow one another. A clock that
 * stands still is found out and then ignored.
 */
export class FrameTimeline {
  readonly #clockRateHz: number;
  #expected = 0;
  /** What the client's clock shows at sample 0; null before the first frame that has a time. */
  #originMs: number | null = null;
  #lateInARow = 0;
  #trusted = true;

  constructor(clockRateHz: number) {
    this.#clockRateHz = clockRateHz;
  }

  /** Where the next sample is due. */
  get expected(): number {
    return this.#expected;
  }

  /** False once the client's times were found to be of no use. */
  get trusted(): boolean {
    return this.#trusted;
  }

  /** The position of a frame of `samples`; below `expected` when it is late, above when something is missing. */
  place(timestampMs: number | null, samples: number): number {
    const at = timestampMs === null || !this.#trusted ? this.#expected : this.#follow(timestampMs);
    if (at >= this.#expected) {
      this.#lateInARow = 0;
      this.#expected = at + samples;
      return at;
    }
    this.#lateInARow++;
    if (this.#lateInARow < mistrustAfter) return at;
    this.#trusted = false;
    const now = this.#expected;
    this.#expected += samples;
    return now;
  }

  #follow(timestampMs: number): number {
    this.#originMs ??= timestampMs - this.#toMs(this.#expected);
    const at = Math.round(((timestampMs - this.#originMs) * this.#clockRateHz) / 1_000);
    const offMs = this.#toMs(at - this.#expected);
    if (offMs < -restartMs) {
      this.#originMs = timestampMs - this.#toMs(this.#expected);
      return this.#expected;
    }
    return Math.abs(offMs) < toleranceMs ? this.#expected : at;
  }

  #toMs(samples: number): number {
    return (samples * 1_000) / this.#clockRateHz;
  }
}

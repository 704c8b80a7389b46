/** Each concealed frame has this part of the loudness of the one before. */
const fade = 0.5;
/** Concealed frames in a row after which silence is more honest than repetition. */
const maxRepeats = 3;

/**
 * Fills gaps in decoded speech: repeats the last frame ever more quietly, then gives silence.
 *
 * Enough for a recogniser and for the voice-activity detector, which must not see a cliff in the middle of a word.
 */
export class Concealer {
  #last = new Int16Array(0);
  #length = 0;
  #repeats = 0;

  /** Remembers a frame that was really received. */
  remember(samples: Int16Array): void {
    if (this.#last.length < samples.length) this.#last = new Int16Array(samples.length);
    this.#last.set(samples);
    this.#length = samples.length;
    this.#repeats = 0;
  }

  /** Writes a substitute into the whole of `target`. */
  conceal(target: Int16Array): void {
    this.#repeats++;
    if (this.#length === 0 || this.#repeats > maxRepeats) {
      target.fill(0);
      return;
    }
    const gain = fade ** this.#repeats;
    for (let i = 0; i < target.length; i++) target[i] = (this.#last[i % this.#length] as number) * gain;
  }

  reset(): void {
    this.#length = 0;
    this.#repeats = 0;
  }
}

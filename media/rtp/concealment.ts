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

  /** Remembers the frame `samples[start..end)`, which was really received. */
  remember(samples: Int16Array, start: number, end: number): void {
    if (this.#last.length < end - start) this.#last = new Int16Array(end - start);
    for (let i = start; i < end; i++) this.#last[i - start] = samples[i] as number;
    this.#length = end - start;
    this.#repeats = 0;
  }

  /** Writes a substitute into `target[start..end)`. */
  conceal(target: Int16Array, start: number, end: number): void {
    this.#repeats++;
    if (this.#length === 0 || this.#repeats > maxRepeats) {
      target.fill(0, start, end);
      return;
    }
    const gain = fade ** this.#repeats;
    for (let i = start; i < end; i++) target[i] = (this.#last[(i - start) % this.#length] as number) * gain;
  }

  reset(): void {
    this.#length = 0;
    this.#repeats = 0;
  }
}

/** Sound and silence are told apart in frames of this length. */
const frameMs = 10;
/**
 * Root mean square from which a frame is sound (-53 dB of full scale). Measured: what the voices breathe around a text of
 * no words stays below 67, the first frames of the softest onsets ("four" of awb) are above 76.
 */
const soundLevel = 70;
const leadMs = 10;
const tailMs = 60;
const maxPauseMs = 350;

/**
 * Cuts the near-silence that flite puts around each piece of text (140 to 270 ms before, 65 to 165 ms after), so that a
 * prompt begins and ends when its sound does.
 *
 * One trimmer for each utterance, whose pieces pass through it in order. Left are 10 ms before the first sound, 60 ms
 * after the last, and between pieces the pause as flite makes it, at most 350 ms. Sound passes unchanged.
 */
export class SilenceTrimmer {
  readonly #sampleRateHz: number;
  /** Silence that is a pause if more sound comes, and the end of the utterance if not; `maxPauseMs` at most. */
  #held = new Int16Array(0);
  #sounded = false;

  constructor(sampleRateHz: number) {
    this.#sampleRateHz = sampleRateHz;
  }

  /** What of the utterance is certain after this piece: new memory, empty when nothing of it sounds and more follows. */
  write(piece: Int16Array, isLast: boolean): Int16Array {
    const [from, to] = this.#soundIn(piece);
    const silence = join(this.#held, piece.subarray(0, from));
    if (from === to) {
      this.#held = this.#shorten(silence);
      return isLast ? this.#held.slice(0, this.#samples(tailMs)) : new Int16Array(0);
    }
    const before = this.#sounded
      ? this.#shorten(silence)
      : silence.subarray(Math.max(0, silence.length - this.#samples(leadMs)));
    this.#sounded = true;
    this.#held = piece.slice(to);
    return join(before, piece.subarray(from, isLast ? to + this.#samples(tailMs) : to));
  }

  #samples(ms: number): number {
    return (this.#sampleRateHz * ms) / 1_000;
  }

  /** From the first to behind the last frame that sounds; both the piece's length when none does. */
  #soundIn(piece: Int16Array): readonly [from: number, to: number] {
    const frame = this.#samples(frameMs);
    let from = piece.length;
    let to = piece.length;
    for (let at = 0; at < piece.length; at += frame) {
      if (!isSound(piece.subarray(at, at + frame))) continue;
      from = Math.min(from, at);
      to = Math.min(at + frame, piece.length);
    }
    return [from, to];
  }

  /** Takes what is too much out of the middle: the ends belong to the sounds beside them. */
  #shorten(silence: Int16Array): Int16Array<ArrayBuffer> {
    const room = this.#samples(maxPauseMs);
    if (silence.length <= room) return Int16Array.from(silence);
    return join(silence.subarray(0, room / 2), silence.subarray(silence.length - room / 2));
  }
}

function isSound(frame: Int16Array): boolean {
  const energy = frame.reduce((sum, sample) => sum + sample * sample, 0);
  return energy > soundLevel * soundLevel * frame.length;
}

function join(first: Int16Array, second: Int16Array): Int16Array<ArrayBuffer> {
  const joined = new Int16Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

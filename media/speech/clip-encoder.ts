import { speechLimits } from '../../config/limits.js';
import { bytesPerSample, type AudioClip, type ClipMark, type WireEncoding } from './audio-clip.js';

/** Writes `samples` as wire octets at `out[offset]` and returns how many octets it wrote; `out` is large enough. */
export type Encoder = (
  samples: Int16Array,
  encoding: WireEncoding,
  out: Uint8Array,
  offset: number,
) => number;

/** Converts a stream of samples from one rate to another; what it returns is valid until the next call. */
export interface StreamResampler {
  process(samples: Int16Array): Int16Array;
  /** The tail that `process` still held back; nothing may follow. */
  flush(): Int16Array;
}

export type ResamplerFactory = (fromHz: number, toHz: number) => StreamResampler;

/** A piece of a prompt as it comes: audio, or a mark with no audio of its own. */
export interface ClipChunk {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly marks: readonly ClipMark[];
}

/** Chunks share blocks of this size (4 s of G.711), so that a chunk costs a view and not an allocation. */
const blockBytes = 32_768;

const noMarks: readonly ClipMark[] = [];
const noBytes = new Uint8Array(new SharedArrayBuffer(0));

/**
 * Turns one synthesis into wire audio, once: chunks for those who listen now, the whole clip for the cache.
 *
 * An octet is written before its chunk is returned and never after; chunks are views on SharedArrayBuffers that stay
 * valid as long as anyone holds them.
 */
export class ClipEncoder {
  readonly #encoding: WireEncoding;
  readonly #wireRateHz: number;
  readonly #encode: Encoder;
  readonly #resampler: StreamResampler | null;
  readonly #chunks: ClipChunk[] = [];
  #block = noBytes;
  #blockUsed = 0;
  #bytes = 0;
  #marks = 0;

  constructor(
    encoding: WireEncoding,
    engineRateHz: number,
    wireRateHz: number,
    encode: Encoder,
    createResampler: ResamplerFactory,
  ) {
    this.#encoding = encoding;
    this.#wireRateHz = wireRateHz;
    this.#encode = encode;
    this.#resampler = engineRateHz === wireRateHz ? null : createResampler(engineRateHz, wireRateHz);
  }

  /** Everything so far, oldest first: what a late follower missed. */
  get chunks(): readonly ClipChunk[] {
    return this.#chunks;
  }

  get durationMs(): number {
    return (this.#bytes / bytesPerSample(this.#encoding) / this.#wireRateHz) * 1_000;
  }

  /** Samples at the engine's rate; null when the resampler held all of them back. */
  addAudio(samples: Int16Array): ClipChunk | null {
    return this.#append(this.#resampler ? this.#resampler.process(samples) : samples);
  }

  /** Null for a mark beyond `speechLimits.clipMarks` or at no real place. */
  addMark(name: string, offsetMs: number): ClipChunk | null {
    if (!(offsetMs >= 0 && Number.isFinite(offsetMs)) || this.#marks >= speechLimits.clipMarks) return null;
    this.#marks++;
    return this.#push({ bytes: noBytes, marks: [{ name, offsetMs }] });
  }

  /** What the resampler still held, or null. */
  finish(): ClipChunk | null {
    return this.#resampler ? this.#append(this.#resampler.flush()) : null;
  }

  /** One clip of all chunks, in a buffer of its own; marks in the order of time, none later than the end. */
  toClip(): AudioClip {
    const bytes = new Uint8Array(new SharedArrayBuffer(this.#bytes));
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk.bytes, offset);
      offset += chunk.bytes.length;
    }
    const durationMs = this.durationMs;
    const marks = this.#chunks
      .flatMap((chunk) => chunk.marks)
      .map((mark) => (mark.offsetMs > durationMs ? { name: mark.name, offsetMs: durationMs } : mark))
      .sort((a, b) => a.offsetMs - b.offsetMs);
    return { encoding: this.#encoding, sampleRateHz: this.#wireRateHz, bytes, marks };
  }

  #append(samples: Int16Array): ClipChunk | null {
    if (samples.length === 0) return null;
    const needed = samples.length * bytesPerSample(this.#encoding);
    if (this.#block.length - this.#blockUsed < needed) {
      this.#block = new Uint8Array(new SharedArrayBuffer(Math.max(blockBytes, needed)));
      this.#blockUsed = 0;
    }
    const start = this.#blockUsed;
    this.#blockUsed += this.#encode(samples, this.#encoding, this.#block, start);
    const bytes = this.#block.subarray(start, this.#blockUsed);
    this.#bytes += bytes.length;
    return this.#push({ bytes, marks: noMarks });
  }

  #push(chunk: ClipChunk): ClipChunk {
    this.#chunks.push(chunk);
    return chunk;
  }
}

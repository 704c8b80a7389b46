/** What a WAV header says, as far as speech needs it. */
export interface WavFormat {
  readonly sampleRateHz: number;
}

/** Headers longer than this are no speech engine's. */
const maxHeaderBytes = 4_096;

/**
 * Reads 16-bit mono PCM out of a WAV (RIFF) file that comes in pieces, cut anywhere.
 *
 * The length in the header is not believed: engines that write to a pipe do not know it yet. Audio goes on to the end
 * of the input, or to the end of the `data` chunk where that is known.
 */
export class WavStream {
  #header: Buffer | null = Buffer.alloc(0);
  #format: WavFormat | null = null;
  #carry: number | null = null;
  #dataLeft = Infinity;

  /** Null until the whole header was there. */
  get format(): WavFormat | null {
    return this.#format;
  }

  /** The samples that `bytes` completes (a copy); Error when this is no 16-bit mono PCM WAV. */
  write(bytes: Uint8Array): Int16Array | Error {
    if (!this.#header) return this.#samples(bytes);
    this.#header = Buffer.concat([this.#header, bytes]);
    const start = this.#parseHeader(this.#header);
    if (start instanceof Error) return start;
    if (start === null) {
      return this.#header.length > maxHeaderBytes
        ? new Error('no audio in the WAV header')
        : new Int16Array(0);
    }
    const audio = this.#header.subarray(start);
    this.#header = null;
    return this.#samples(audio);
  }

  /** Offset of the first sample, or null when the header goes on. */
  #parseHeader(bytes: Buffer): number | null | Error {
    if (bytes.length < 12) return null;
    if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
      return new Error('not a WAV file');
    }
    for (let at = 12; at + 8 <= bytes.length;) {
      const name = bytes.toString('latin1', at, at + 4);
      const length = bytes.readUInt32LE(at + 4);
      if (name === 'data') return this.#beginData(at + 8, length);
      if (at + 8 + length > bytes.length) return null;
      if (name === 'fmt ') {
        const problem = this.#parseFormat(bytes.subarray(at + 8, at + 8 + length));
        if (problem) return problem;
      }
      at += 8 + length + (length % 2);
    }
    return null;
  }

  #parseFormat(chunk: Buffer): Error | null {
    if (chunk.length < 16) return new Error('WAV format chunk is too short');
    const [encoding, channels, bits] = [chunk.readUInt16LE(0), chunk.readUInt16LE(2), chunk.readUInt16LE(14)];
    if (encoding !== 1 || channels !== 1 || bits !== 16) {
      return new Error(
        `WAV of encoding ${encoding}, ${channels} channels, ${bits} bits; 16-bit mono PCM is read`,
      );
    }
    this.#format = { sampleRateHz: chunk.readUInt32LE(4) };
    return null;
  }

  #beginData(offset: number, length: number): number | Error {
    if (!this.#format) return new Error('WAV data before its format');
    // Pipes: 0, or any of the "largest length" values between 2^31 - 1 less a header and 2^32 - 1.
    this.#dataLeft = length === 0 || length >= 0x7fff_0000 ? Infinity : length;
    return offset;
  }

  #samples(input: Uint8Array): Int16Array {
    const bytes = input.subarray(0, Math.min(input.length, this.#dataLeft));
    this.#dataLeft -= bytes.length;
    const carried = this.#carry === null ? 0 : 1;
    const samples = new Int16Array((bytes.length + carried) >> 1);
    let at = 0;
    let low = this.#carry;
    let written = 0;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (low === null) {
        low = byte;
      } else {
        samples[written++] = low | (byte << 8);
        low = null;
      }
    }
    this.#carry = low;
    return samples;
  }
}

import { bytesPerSample, type WireEncoding } from '../speech/audio-clip.js';
import { decodeG711, encodeG711, g711Silence } from './g711.js';
import { decodeL16, encodeL16 } from './linear.js';

/** Encodes linear samples as they lie in an RTP payload; `target` must have room for `bytesPerSample` each. */
export function encodeWire(
  encoding: WireEncoding,
  samples: Int16Array,
  target: Uint8Array,
  targetOffset = 0,
): void {
  if (encoding === 'L16') encodeL16(samples, target, targetOffset);
  else encodeG711(encoding, samples, target, targetOffset);
}

/** Decodes `octets[start..end)` into `target` from `targetStart`; returns how many samples were written. */
export function decodeWire(
  encoding: WireEncoding,
  octets: Uint8Array,
  start: number,
  end: number,
  target: Int16Array,
  targetStart = 0,
): number {
  if (encoding === 'L16') return decodeL16(octets, start, end, target, targetStart);
  return decodeG711(encoding, octets, start, end, target, targetStart);
}

/** Fills `target[start..end)` with silence of an encoding. */
export function fillSilence(encoding: WireEncoding, target: Uint8Array, start: number, end: number): void {
  target.fill(encoding === 'L16' ? 0 : g711Silence[encoding], start, end);
}

/** Encodes a whole utterance into memory that workers can share (see AudioClip). */
export function encodeShared(encoding: WireEncoding, samples: Int16Array): Uint8Array<SharedArrayBuffer> {
  const bytes = new Uint8Array(new SharedArrayBuffer(samples.length * bytesPerSample(encoding)));
  encodeWire(encoding, samples, bytes);
  return bytes;
}

/** Turns audio of one encoding into another at the same rate, a packet at a time. */
export class WireTranscoder {
  #samples = new Int16Array(160);

  /** Converts `source[start..end)` into `target` from `targetOffset`; returns the octets written. */
  convert(
    from: WireEncoding,
    source: Uint8Array,
    start: number,
    end: number,
    to: WireEncoding,
    target: Uint8Array,
    targetOffset: number,
  ): number {
    const count = Math.floor((end - start) / bytesPerSample(from));
    if (this.#samples.length < count) this.#samples = new Int16Array(count);
    decodeWire(from, source, start, start + count * bytesPerSample(from), this.#samples);
    encodeWire(to, this.#samples.subarray(0, count), target, targetOffset);
    return count * bytesPerSample(to);
  }
}

/** How audio lies on the wire: RFC 3551 PCMU and PCMA (1 octet a sample), L16 (2 octets, big-endian). */
export type WireEncoding = 'PCMU' | 'PCMA' | 'L16';

/** A `<mark>` and where in the audio it stands. */
export interface ClipMark {
  readonly name: string;
  readonly offsetMs: number;
}

/**
 * A whole prompt, encoded and ready to be cut into RTP payloads.
 *
 * `bytes` lies in a SharedArrayBuffer: it crosses to a worker without a copy, nobody writes it after it was made, and
 * it lives as long as anyone refers to it (a cache that drops it frees nothing that is still playing).
 */
export interface AudioClip {
  readonly encoding: WireEncoding;
  readonly sampleRateHz: number;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly marks: readonly ClipMark[];
}

/** Octets one sample takes on the wire. */
export function bytesPerSample(encoding: WireEncoding): 1 | 2 {
  return encoding === 'L16' ? 2 : 1;
}

/** Playing time of a clip in milliseconds. */
export function clipDurationMs(clip: AudioClip): number {
  return (clip.bytes.length / bytesPerSample(clip.encoding) / clip.sampleRateHz) * 1_000;
}

/**
 * One block of mono linear PCM, read-only and valid until the call it is passed to returns.
 *
 * `samples` are 16-bit signed at `sampleRateHz`; `timestamp` is in RTP units (sample clock, wraps at 2^32).
 * A receiver that keeps the audio copies it.
 */
export interface AudioFrame {
  readonly samples: Int16Array;
  readonly sampleRateHz: number;
  readonly timestamp: number;
}

/** Gives audio on demand; synchronous, never blocks, never throws; null means "nothing now". */
export interface AudioSource {
  readFrame(): AudioFrame | null;
}

/** Takes audio; synchronous, never blocks, never throws, and does not keep the frame. */
export interface AudioSink {
  writeFrame(frame: AudioFrame): void;
}

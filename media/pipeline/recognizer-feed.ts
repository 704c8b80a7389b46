import { Resampler } from '../codec/resampler.js';
import { SpeechError } from '../speech/errors.js';
import type {
  RecognizeHandle,
  RecognizeRequest,
  Recognizer,
  RecognizerListener,
} from '../speech/recognizer.js';
import type { AudioFrame } from './audio.js';

/**
 * Brings audio to a recogniser: keeps the last `preRollMs` until speech begins, so that the first sound of a word is not
 * lost to the detector, then passes everything on at the rate that was asked for.
 *
 * An engine that throws is reported through `onError`, as if it had said so itself.
 */
export class RecognizerFeed {
  readonly #recognizer: Recognizer;
  readonly #request: RecognizeRequest;
  readonly #listener: RecognizerListener;
  readonly #abort = new AbortController();
  readonly #preRollMs: number;
  /** A ring of the newest samples before the start; null once it was flushed. */
  #ring: Int16Array | null = null;
  #ringWritten = 0;
  #ringTimestamp = 0;
  #resampler: Resampler | null = null;
  #inputRateHz = 0;
  #handle: RecognizeHandle | null = null;
  #failed = false;

  constructor(
    recognizer: Recognizer,
    request: RecognizeRequest,
    preRollMs: number,
    listener: RecognizerListener,
  ) {
    this.#recognizer = recognizer;
    this.#request = request;
    this.#preRollMs = preRollMs;
    this.#listener = listener;
  }

  /** Remembers a frame from before the start of speech. */
  hold(frame: AudioFrame): void {
    this.#ring ??= new Int16Array(Math.ceil((this.#preRollMs * frame.sampleRateHz) / 1_000));
    const ring = this.#ring;
    for (let i = 0; i < frame.samples.length; i++)
      ring[(this.#ringWritten + i) % ring.length] = frame.samples[i] as number;
    this.#ringWritten += frame.samples.length;
    this.#ringTimestamp = frame.timestamp + frame.samples.length;
  }

  /** Speech began: starts the recogniser with what was held. */
  start(sampleRateHz: number): void {
    this.#guard(() => {
      this.#handle = this.#recognizer.recognize(this.#request, this.#listener, this.#abort.signal);
    });
    const held = this.#takeRing();
    if (held.length > 0)
      this.write({ samples: held, sampleRateHz, timestamp: (this.#ringTimestamp - held.length) >>> 0 });
  }

  write(frame: AudioFrame): void {
    const handle = this.#handle;
    if (!handle || this.#failed) return;
    const { sampleRateHz } = this.#request;
    this.#guard(() => {
      if (frame.sampleRateHz !== this.#inputRateHz) this.#adaptTo(frame.sampleRateHz);
      const samples = this.#resampler?.process(frame.samples) ?? frame.samples;
      handle.writeFrame({ samples, sampleRateHz, timestamp: frame.timestamp });
    });
  }

  /** No more audio will come: asks for the final result. */
  stop(): void {
    if (this.#handle && !this.#failed) this.#guard(() => this.#handle?.stop());
  }

  /** Ends the recognition without a result and frees what it held; idempotent. */
  abort(): void {
    this.#ring = null;
    this.#handle = null;
    this.#guard(() => this.#abort.abort());
  }

  /** Follows a codec change; throws RangeError for a rate that cannot be converted. */
  #adaptTo(inputRateHz: number): void {
    const { sampleRateHz } = this.#request;
    this.#resampler = inputRateHz === sampleRateHz ? null : new Resampler(inputRateHz, sampleRateHz);
    this.#inputRateHz = inputRateHz;
  }

  #takeRing(): Int16Array {
    const ring = this.#ring;
    this.#ring = null;
    if (!ring) return new Int16Array(0);
    const count = Math.min(this.#ringWritten, ring.length);
    return Int16Array.from(
      { length: count },
      (_, i) => ring[(this.#ringWritten - count + i) % ring.length] as number,
    );
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (cause) {
      if (this.#failed) return;
      this.#failed = true;
      const error =
        cause instanceof SpeechError
          ? cause
          : new SpeechError('internal', 'recognizer engine threw', false, { cause });
      this.#listener.onError(error);
    }
  }
}

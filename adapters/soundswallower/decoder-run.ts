import type { Timer, Clock } from '../../config/clock.js';
import { speechLimits } from '../../config/limits.js';
import type { AudioFrame } from '../../media/pipeline/audio.js';
import { SpeechError } from '../../media/speech/errors.js';
import type {
  RecognitionResult,
  RecognizedWord,
  RecognizeHandle,
  RecognizerListener,
} from '../../media/speech/recognizer.js';
import { decoderRateHz, type DecoderCommand, type DecoderReport, type StartCommand } from './protocol.js';

/** Audio crosses to the decoder thread in blocks of 100 ms: 10 messages a second, and partial results as often. */
const batchSamples = decoderRateHz / 10;

/** What a run asks of the recogniser it belongs to. */
export interface DecoderRunOwner {
  post(command: DecoderCommand, transfer?: readonly ArrayBuffer[]): void;
  /** It no longer has a decoder, nor waits for one. */
  onOver(run: DecoderRun): void;
  /** The thread did not answer within `speechLimits.recognizerFinalMs`. */
  onStuck(): void;
}

/**
 * One recognition as the caller holds it: listening -> stopped -> over, or straight to over.
 *
 * Until `begin` gives it a decoder it keeps its audio (`speechLimits.recognitionMs` at most), then the decoder, which is
 * some fifty times faster than speech, catches up.
 */
export class DecoderRun implements RecognizeHandle {
  readonly #start: StartCommand;
  readonly #listener: RecognizerListener;
  readonly #signal: AbortSignal;
  readonly #owner: DecoderRunOwner;
  readonly #clock: Clock;
  #batch = new Int16Array(batchSamples);
  #batched = 0;
  #samplesLeft = (speechLimits.recognitionMs * decoderRateHz) / 1_000;
  #state: 'listening' | 'stopped' | 'over' = 'listening';
  /** Batches for the decoder that is not there yet; null once it is. */
  #kept: Int16Array<ArrayBuffer>[] | null = [];
  #watchdog: Timer | null = null;

  constructor(
    start: StartCommand,
    listener: RecognizerListener,
    signal: AbortSignal,
    owner: DecoderRunOwner,
    clock: Clock,
  ) {
    this.#start = start;
    this.#listener = listener;
    this.#signal = signal;
    this.#owner = owner;
    this.#clock = clock;
    signal.addEventListener('abort', this.#onAbort);
  }

  get id(): number {
    return this.#start.id;
  }

  /** No more audio will come. */
  get isComplete(): boolean {
    return this.#state === 'stopped';
  }

  /** A decoder is there: hands it what was kept. At most once, before the run is over. */
  begin(): void {
    const kept = this.#kept ?? [];
    this.#kept = null;
    this.#owner.post(this.#start);
    for (const samples of kept) this.#send(samples);
    if (this.isComplete) this.#askForResult();
  }

  /** Audio after `stop`, or beyond `speechLimits.recognitionMs`, is ignored. */
  writeFrame(frame: AudioFrame): void {
    if (this.#state !== 'listening' || this.#samplesLeft <= 0) return;
    const { samples } = frame;
    this.#samplesLeft -= samples.length;
    for (let offset = 0; offset < samples.length;) {
      const count = Math.min(batchSamples - this.#batched, samples.length - offset);
      this.#batch.set(samples.subarray(offset, offset + count), this.#batched);
      this.#batched += count;
      offset += count;
      if (this.#batched === batchSamples) this.#flush();
    }
  }

  /** A run that waits may do so for `speechLimits.recognizerFinalMs` from here on. */
  stop(): void {
    if (this.#state !== 'listening') return;
    this.#state = 'stopped';
    this.#flush();
    if (!this.#kept) return this.#askForResult();
    this.#watch(() => {
      const message = `no decoder was free for ${speechLimits.recognizerFinalMs} ms`;
      this.fail(new SpeechError('capacity', message));
    });
  }

  onReport(report: Exclude<DecoderReport, { type: 'warm' }>): void {
    if (this.#state === 'over') return;
    switch (report.type) {
      case 'partial':
        return this.#listener.onPartial(report.text);
      case 'warning':
        return this.#listener.onWarning(report.message, report.fields);
      case 'failed':
        return this.fail(new SpeechError(report.code, report.message));
      case 'final':
        this.#end();
        return this.#listener.onFinal(resultOf(report.words));
    }
  }

  fail(error: SpeechError): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#listener.onError(error);
  }

  readonly #onAbort = (): void => {
    if (this.#state === 'over') return;
    // Before the place is given on: the thread has as many decoders as there are places.
    if (!this.#kept) this.#owner.post({ type: 'abort', id: this.id });
    this.#end();
  };

  #flush(): void {
    if (this.#batched === 0) return;
    const samples = this.#batched === batchSamples ? this.#batch : this.#batch.slice(0, this.#batched);
    this.#batch = new Int16Array(batchSamples);
    this.#batched = 0;
    if (this.#kept) this.#kept.push(samples);
    else this.#send(samples);
  }

  #send(samples: Int16Array<ArrayBuffer>): void {
    this.#owner.post({ type: 'audio', id: this.id, samples }, [samples.buffer]);
  }

  #askForResult(): void {
    this.#owner.post({ type: 'stop', id: this.id });
    this.#watch(() => this.#owner.onStuck());
  }

  #watch(onTimeout: () => void): void {
    this.#watchdog?.cancel();
    this.#watchdog = this.#clock.setTimer(onTimeout, speechLimits.recognizerFinalMs);
  }

  #end(): void {
    this.#state = 'over';
    this.#kept = null;
    this.#watchdog?.cancel();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#owner.onOver(this);
  }
}

/**
 * Mean word probabilities lie close together. Measured with five voices: on a clean line 100 of 100 phrases of the
 * grammar are above 0.85 and 67 of 100 others are not; in white noise 15 dB below the speech 89 are and 47 are not.
 * So 0.7 to 1 becomes 0 to 1, and the default threshold of MRCP, 0.5 (RFC 6787 9.4.1), separates what it can.
 */
const leastProbability = 0.7;

function confidenceOf(probability: number): number {
  return Math.max(0, (probability - leastProbability) / (1 - leastProbability));
}

/** The engine gives one reading and a probability for each word. */
function resultOf(words: readonly RecognizedWord[]): RecognitionResult {
  if (words.length === 0) return { alternatives: [] };
  const mean = words.reduce((sum, word) => sum + word.confidence, 0) / words.length;
  const alternative = {
    text: words.map(({ text }) => text).join(' '),
    confidence: confidenceOf(mean),
    words: words.map((word) => ({ ...word, confidence: confidenceOf(word.confidence) })),
  };
  return { alternatives: [alternative] };
}

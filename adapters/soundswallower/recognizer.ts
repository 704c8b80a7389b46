import { SystemClock, type Clock, type Timer } from '../../config/clock.js';
import { speechLimits } from '../../config/limits.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { Grammar } from '../../media/speech/grammar/grammar.js';
import { phraseGrammar } from '../../media/speech/grammar/phrases.js';
import type {
  RecognizeHandle,
  RecognizeRequest,
  Recognizer,
  RecognizerCapabilities,
  RecognizerListener,
} from '../../media/speech/recognizer.js';
import { coversLanguage } from '../../media/speech/synthesis-request.js';
import { EngineThread } from '../threads/engine-thread.js';
import { DecoderPlaces } from './decoder-places.js';
import { DecoderRun, type DecoderRunOwner } from './decoder-run.js';
import {
  decoderRateHz,
  type DecoderCommand,
  type DecoderData,
  type DecoderReport,
  type StartCommand,
} from './protocol.js';

const capabilities: RecognizerCapabilities = {
  name: 'soundswallower',
  languages: ['en-US'],
  sampleRatesHz: [decoderRateHz],
  interimResults: true,
  grammars: true,
  transcription: false,
};

/** What a `SoundswallowerRecognizer` works with. */
export interface SoundswallowerOptions {
  /** Recognitions that are decoded at the same time, 28 MB each from the first time that so many are needed. */
  readonly maxDecoders: number;
  /**
   * Recognitions beyond these that wait for a decoder while their audio is kept, 2 MB each at most; 0 refuses them at
   * once, as `capacity`. `speechLimits.recognizerQueue` unless told.
   */
  readonly maxWaiting?: number;
  readonly clock: Clock;
  /** The decoder thread's script; another one only in tests of what happens when it dies. */
  readonly script?: URL;
}

/**
 * The recogniser that needs nothing installed: American English at telephone rate, restricted to grammars.
 *
 * It listens for the request's voice grammars, or for its hints when it has none; with neither there is nothing to
 * choose from and the request is `unsupported`. When all decoders listen a request waits for one and catches up. Its confidences separate poorly (decoder-run.ts), so that speech outside
 * the grammar is often taken for the nearest phrase in it: a recogniser to start with, not to end with. All decoders live
 * in one thread of their own; when it dies, running recognitions end as `unavailable` and the next one starts it again.
 */
export class SoundswallowerRecognizer implements Recognizer {
  readonly capabilities = capabilities;
  readonly #clock: Clock;
  readonly #thread: EngineThread<DecoderCommand, DecoderReport>;
  readonly #places: DecoderPlaces;
  readonly #owner: DecoderRunOwner = {
    post: (command, transfer) => this.#thread.post(command, transfer),
    onOver: (run) => this.#places.leave(run),
    onStuck: () => this.#thread.kill(new SpeechError('timeout', 'the decoder thread does not answer')),
  };
  #warming: Deferred | null = null;
  #nextId = 1;
  #closed = false;

  constructor(options: SoundswallowerOptions) {
    const { maxDecoders, maxWaiting = speechLimits.recognizerQueue } = options;
    this.#clock = options.clock;
    this.#places = new DecoderPlaces(maxDecoders, maxWaiting);
    const data: DecoderData = { maxDecoders };
    const script = options.script ?? new URL('./decoder-worker.js', import.meta.url);
    this.#thread = new EngineThread(script, data, {
      onReport: (report) => this.#onReport(report),
      onLost: (cause) => this.#onLost(lostError(cause)),
    });
  }

  /** Recognitions that are not over; those that wait for a decoder count. */
  get running(): number {
    return this.#places.count;
  }

  async warmUp(): Promise<void> {
    if (this.#closed) throw closedError();
    this.#warming ??= createDeferred();
    const { promise, reject } = this.#warming;
    this.#thread.post({ type: 'warm' });
    const timer: Timer = this.#clock.setTimer(
      () => reject(new SpeechError('timeout', `not warm after ${speechLimits.recognizerFinalMs} ms`)),
      speechLimits.recognizerFinalMs,
    );
    try {
      await promise;
    } finally {
      timer.cancel();
      this.#warming = null;
    }
  }

  recognize(request: RecognizeRequest, listener: RecognizerListener, signal: AbortSignal): RecognizeHandle {
    const grammars = grammarsOf(request);
    const refusal = this.#refusal(request, grammars);
    if (refusal || signal.aborted) {
      // Later, because the contract forbids call-backs from inside this call.
      queueMicrotask(() => {
        if (refusal && !signal.aborted) listener.onError(refusal);
      });
      return deaf;
    }
    const { sessionId: line, interimResults } = request;
    const start: StartCommand = { type: 'start', id: this.#nextId++, line, grammars, interimResults };
    const run = new DecoderRun(start, listener, signal, this.#owner, this.#clock);
    this.#places.enter(run);
    return run;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#warming?.reject(closedError());
    this.#places.failAll(closedError());
    await this.#thread.close();
  }

  #refusal(request: RecognizeRequest, grammars: readonly Grammar[]): SpeechError | null {
    if (this.#closed) return closedError();
    const { language, sampleRateHz } = request;
    if (!coversLanguage(capabilities.languages, language)) {
      return new SpeechError(
        'unsupported',
        `the embedded recognizer understands English only, not ${language}`,
      );
    }
    if (sampleRateHz !== decoderRateHz) {
      return new SpeechError(
        'unsupported',
        `sampleRateHz is ${sampleRateHz}; the model takes ${decoderRateHz}`,
      );
    }
    if (grammars.length === 0) {
      const message = 'the embedded recognizer cannot transcribe freely: give it a grammar or hints';
      return new SpeechError('unsupported', message);
    }
    if (!this.#places.isFull) return null;
    return new SpeechError('capacity', `${this.#places.count} recognitions run or wait for a decoder`);
  }

  #onReport(report: DecoderReport): void {
    if (report.type === 'warm') this.#warming?.resolve();
    else this.#places.running(report.id)?.onReport(report);
  }

  #onLost(error: SpeechError): void {
    this.#warming?.reject(error);
    this.#places.failRunning(error);
  }
}

/**
 * What a media worker calls. Options: `maxDecoders`, 1 to 64, `speechLimits.recognizerDecoders` unless told;
 * `maxWaiting`, 0 to `speechLimits.recognizerQueue`, which is also what it is unless told. Throws SpeechError `bad-input`.
 */
export function createRecognizer(options: Readonly<Record<string, unknown>>): Recognizer {
  const { maxDecoders = speechLimits.recognizerDecoders, maxWaiting = speechLimits.recognizerQueue } =
    options;
  return new SoundswallowerRecognizer({
    maxDecoders: wholeNumber('maxDecoders', maxDecoders, 1, 64),
    maxWaiting: wholeNumber('maxWaiting', maxWaiting, 0, speechLimits.recognizerQueue),
    clock: new SystemClock(),
  });
}

function wholeNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new SpeechError(
    'bad-input',
    `${name} is ${String(value)}; it must be a whole number of ${least} to ${most}`,
  );
}

const deaf: RecognizeHandle = { writeFrame: () => undefined, stop: () => undefined };

function grammarsOf({ grammars, hints, language }: RecognizeRequest): readonly Grammar[] {
  const voice = grammars.filter((grammar) => grammar.kind === 'rules' && grammar.mode === 'voice');
  if (voice.length > 0) return voice;
  return hints.length > 0 ? [phraseGrammar('hints:', hints, language)] : [];
}

function closedError(): SpeechError {
  return new SpeechError('unavailable', 'the recognizer is closed', false);
}

function lostError(cause: Error): SpeechError {
  if (cause instanceof SpeechError) return cause;
  return new SpeechError('unavailable', 'the decoder thread died', true, { cause });
}

/** A promise that is settled from elsewhere. */
interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: SpeechError) => void;
}

function createDeferred(): Deferred {
  let resolve: () => void = () => undefined;
  let reject: (error: SpeechError) => void = () => undefined;
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { promise, resolve, reject };
}

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
import { DecoderRun, type DecoderRunOwner } from './decoder-run.js';
import { decoderRateHz, type DecoderCommand, type DecoderData, type DecoderReport } from './protocol.js';

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
  /** Recognitions at the same time, 28 MB each. */
  readonly maxDecoders: number;
  readonly clock: Clock;
  /** The decoder thread's script; another one only in tests of what happens when it dies. */
  readonly script?: URL;
}

/**
 * The recogniser that needs nothing installed: American English at telephone rate, restricted to grammars.
 *
 * It listens for the request's voice grammars, or for its hints when it has none; with neither there is nothing to
 * choose from and the request is `unsupported`. Its confidences separate poorly (decoder-run.ts), so that speech outside
 * the grammar is often taken for the nearest phrase in it: a recogniser to start with, not to end with. All decoders live
 * in one thread of their own; when it dies, running recognitions end as `unavailable` and the next one starts it again.
 */
export class SoundswallowerRecognizer implements Recognizer {
  readonly capabilities = capabilities;
  readonly #maxDecoders: number;
  readonly #clock: Clock;
  readonly #thread: EngineThread<DecoderCommand, DecoderReport>;
  readonly #runs = new Map<number, DecoderRun>();
  readonly #owner: DecoderRunOwner = {
    post: (command, transfer) => this.#thread.post(command, transfer),
    onOver: (run) => this.#runs.delete(run.id),
    onStuck: () => this.#thread.kill(new SpeechError('timeout', 'the decoder thread does not answer')),
  };
  #warming: Deferred | null = null;
  #nextId = 1;
  #closed = false;

  constructor(options: SoundswallowerOptions) {
    this.#maxDecoders = options.maxDecoders;
    this.#clock = options.clock;
    const data: DecoderData = { maxDecoders: options.maxDecoders };
    const script = options.script ?? new URL('./decoder-worker.js', import.meta.url);
    this.#thread = new EngineThread(script, data, {
      onReport: (report) => this.#onReport(report),
      onLost: (cause) => this.#failAll(lostError(cause)),
    });
  }

  get running(): number {
    return this.#runs.size;
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
    const run = new DecoderRun(this.#nextId++, listener, signal, this.#owner, this.#clock);
    this.#runs.set(run.id, run);
    const { sessionId: line, interimResults } = request;
    this.#thread.post({ type: 'start', id: run.id, line, grammars, interimResults });
    return run;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#failAll(closedError());
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
    if (this.#runs.size >= this.#maxDecoders) {
      return new SpeechError('capacity', `all ${this.#maxDecoders} decoders are listening`);
    }
    return null;
  }

  #onReport(report: DecoderReport): void {
    if (report.type === 'warm') this.#warming?.resolve();
    else this.#runs.get(report.id)?.onReport(report);
  }

  #failAll(error: SpeechError): void {
    this.#warming?.reject(error);
    for (const run of [...this.#runs.values()]) run.fail(error);
  }
}

/** What a media worker calls. `options.maxDecoders`: 1 to 64, `speechLimits.recognizerDecoders` unless told. */
export function createRecognizer(options: Readonly<Record<string, unknown>>): Recognizer {
  const { maxDecoders = speechLimits.recognizerDecoders } = options;
  if (
    typeof maxDecoders !== 'number' ||
    !Number.isInteger(maxDecoders) ||
    maxDecoders < 1 ||
    maxDecoders > 64
  ) {
    throw new SpeechError(
      'bad-input',
      `maxDecoders is ${String(maxDecoders)}; it must be a whole number of 1 to 64`,
    );
  }
  return new SoundswallowerRecognizer({ maxDecoders, clock: new SystemClock() });
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

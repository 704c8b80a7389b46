import type { Clock, Timer } from '../../config/clock.js';
import type { AudioFrame } from '../../media/pipeline/audio.js';
import { SpeechError } from '../../media/speech/errors.js';
import type {
  RecognitionResult,
  RecognizeHandle,
  RecognizeRequest,
  Recognizer,
  RecognizerCapabilities,
  RecognizerListener,
} from '../../media/speech/recognizer.js';
import { coversLanguage } from '../../media/speech/synthesis-request.js';

/** What one recognition will say. */
export interface ScriptedRecognition {
  /** Empty for a no-match. */
  readonly text: string;
  /** 0 to 1; 0.9 unless told. */
  readonly confidence?: number;
  /** One for every 100 ms of audio heard, when interim results were asked for. */
  readonly partials?: readonly string[];
  /** From the end of audio to the result; 0 unless told. */
  readonly delayMs?: number;
  /** Instead of a result. */
  readonly error?: SpeechError;
  readonly warning?: string;
}

/** What a `ScriptedRecognizer` works with. */
export interface ScriptedRecognizerOptions {
  readonly clock: Clock;
  /** In the order of the recognitions; the last one goes on for ever. */
  readonly script: readonly ScriptedRecognition[];
  /** Recognitions at the same time; unlimited unless told. */
  readonly capacity?: number;
  readonly capabilities?: Partial<RecognizerCapabilities>;
}

/** A recogniser that hears nothing and says what its script says: for tests and demonstrations. */
export class ScriptedRecognizer implements Recognizer {
  readonly capabilities: RecognizerCapabilities;
  /** Every request that was taken, in order. */
  readonly requests: RecognizeRequest[] = [];
  readonly #options: ScriptedRecognizerOptions;
  readonly #running = new Set<ScriptedRun>();
  #closed = false;

  constructor(options: ScriptedRecognizerOptions) {
    this.#options = options;
    this.capabilities = {
      name: 'scripted',
      languages: ['*'],
      sampleRatesHz: [8_000, 16_000],
      interimResults: true,
      grammars: true,
      transcription: true,
      ...options.capabilities,
    };
  }

  get running(): number {
    return this.#running.size;
  }

  warmUp(): Promise<void> {
    return Promise.resolve();
  }

  recognize(request: RecognizeRequest, listener: RecognizerListener, signal: AbortSignal): RecognizeHandle {
    const refusal = this.#refusal(request);
    const { script, clock } = this.#options;
    const line = script[Math.min(this.requests.length, script.length - 1)] ?? { text: '' };
    if (!refusal) this.requests.push(request);
    const run = new ScriptedRun(
      request,
      refusal ? { text: '', error: refusal } : line,
      listener,
      signal,
      clock,
      () => this.#running.delete(run),
    );
    if (!refusal) this.#running.add(run);
    run.begin(refusal !== null);
    return run;
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const run of [...this.#running])
      run.fail(new SpeechError('unavailable', 'the recognizer was closed'));
    return Promise.resolve();
  }

  #refusal(request: RecognizeRequest): SpeechError | null {
    if (this.#closed) return new SpeechError('unavailable', 'the recognizer is closed', false);
    if (!coversLanguage(this.capabilities.languages, request.language)) {
      return new SpeechError('unsupported', `language ${request.language} is not in the script`);
    }
    if (this.#running.size >= (this.#options.capacity ?? Infinity)) {
      return new SpeechError('capacity', `${this.#running.size} recognitions are running`);
    }
    return null;
  }
}

class ScriptedRun implements RecognizeHandle {
  #samples = 0;
  #partials = 0;
  #stopped = false;
  #over = false;
  #timer: Timer | null = null;
  /** A field, so that the signal can forget it: signals may live as long as a session. */
  readonly #end = (): void => {
    this.signal.removeEventListener('abort', this.#end);
    this.#over = true;
    this.#timer?.cancel();
    this.onOver();
  };

  constructor(
    private readonly request: RecognizeRequest,
    private readonly line: ScriptedRecognition,
    private readonly listener: RecognizerListener,
    private readonly signal: AbortSignal,
    private readonly clock: Clock,
    private readonly onOver: () => void,
  ) {}

  begin(refused: boolean): void {
    if (this.signal.aborted) return this.#end();
    this.signal.addEventListener('abort', this.#end);
    // By timer even when there is nothing to wait for: the contract forbids call-backs from inside `recognize`.
    if (refused) this.#timer = this.clock.setTimer(() => this.#answer(), 0);
    else if (this.line.warning) this.#timer = this.clock.setTimer(() => this.#warn(), 0);
  }

  writeFrame(frame: AudioFrame): void {
    if (this.#over || this.#stopped) return;
    this.#samples += frame.samples.length;
    const { partials } = this.line;
    if (!partials || !this.request.interimResults) return;
    const due = Math.floor(this.#samples / (this.request.sampleRateHz / 10));
    while (!this.#isOver() && this.#partials < Math.min(due, partials.length)) {
      this.listener.onPartial(partials[this.#partials++] ?? '');
    }
  }

  stop(): void {
    if (this.#over || this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = this.clock.setTimer(() => this.#answer(), this.line.delayMs ?? 0);
  }

  fail(error: SpeechError): void {
    if (this.#over) return;
    this.#end();
    this.listener.onError(error);
  }

  #warn(): void {
    this.listener.onWarning(this.line.warning ?? '', {});
  }

  #answer(): void {
    if (this.line.error) return this.fail(this.line.error);
    this.#end();
    this.listener.onFinal(this.#result());
  }

  #result(): RecognitionResult {
    const { text, confidence = 0.9 } = this.line;
    if (text === '') return { alternatives: [] };
    const heardMs = (this.#samples / this.request.sampleRateHz) * 1_000;
    const texts = text.split(' ');
    const words = texts.map((word, i) => ({
      text: word,
      startMs: (heardMs * i) / texts.length,
      endMs: (heardMs * (i + 1)) / texts.length,
      confidence,
    }));
    return { alternatives: [{ text, confidence, words }] };
  }

  #isOver(): boolean {
    return this.#over;
  }
}

import type { Clock, Timer } from '../../config/clock.js';
import { SpeechError } from '../../media/speech/errors.js';
import { checkRequest, coversLanguage } from '../../media/speech/synthesis-request.js';
import type {
  SynthesisRequest,
  Synthesizer,
  SynthesizerCapabilities,
  SynthesizerListener,
} from '../../media/speech/synthesizer.js';

/** What a `ScriptedSynthesizer` works with. */
export interface ScriptedSynthesizerOptions {
  readonly clock: Clock;
  /** What a request sounds like; `countedSamples` unless told. */
  readonly audio?: (request: SynthesisRequest) => Int16Array;
  /** From `speak` to the first chunk; 0 unless told. */
  readonly firstChunkMs?: number;
  /** From chunk to chunk (each 100 ms of audio); 0 unless told. */
  readonly chunkIntervalMs?: number;
  readonly capacity?: number;
  readonly capabilities?: Partial<SynthesizerCapabilities>;
}

/** 50 ms a character at speed 1, each sample its own number (modulo 2^15): order, gaps and doubles show. */
export function countedSamples(request: SynthesisRequest): Int16Array {
  return Int16Array.from({ length: durationSamples(request) }, (_, i) => i & 0x7fff);
}

/** 50 ms a character at speed 1 of a sine at `frequencyHz` (400 unless told): for ears and spectra. */
export function toneSamples(request: SynthesisRequest, frequencyHz = 400): Int16Array {
  const step = (2 * Math.PI * frequencyHz * request.pitch) / request.sampleRateHz;
  const amplitude = Math.min(32_767, 8_000 * request.volume);
  return Int16Array.from({ length: durationSamples(request) }, (_, i) =>
    Math.round(amplitude * Math.sin(i * step)),
  );
}

function durationSamples(request: SynthesisRequest): number {
  return Math.round((request.text.length * 0.05 * request.sampleRateHz) / request.speed);
}

/** A synthesizer that speaks numbers or tones in time with its clock: for tests and demonstrations. */
export class ScriptedSynthesizer implements Synthesizer {
  readonly capabilities: SynthesizerCapabilities;
  /** Every request that was taken, in order. */
  readonly requests: SynthesisRequest[] = [];
  readonly #options: ScriptedSynthesizerOptions;
  readonly #running = new Set<ScriptedSpeech>();
  #failure: { readonly error: SpeechError; readonly afterChunks: number } | null = null;
  #closed = false;

  constructor(options: ScriptedSynthesizerOptions) {
    this.#options = options;
    this.capabilities = {
      name: 'scripted',
      revision: '1',
      languages: ['*'],
      voices: ['one', 'two'],
      sampleRatesHz: [8_000, 16_000],
      ssml: false,
      ...options.capabilities,
    };
  }

  get running(): number {
    return this.#running.size;
  }

  /** The next `speak` fails with `error` after `afterChunks` chunks of audio. */
  failNext(error: SpeechError, afterChunks = 0): void {
    this.#failure = { error, afterChunks };
  }

  warmUp(): Promise<void> {
    return Promise.resolve();
  }

  speak(request: SynthesisRequest, listener: SynthesizerListener, signal: AbortSignal): void {
    if (signal.aborted) return;
    const refusal = this.#refusal(request);
    const failure = refusal ? { error: refusal, afterChunks: 0 } : this.#failure;
    if (!refusal) this.#failure = null;
    if (!refusal) this.requests.push(request);
    const samples = refusal ? new Int16Array(0) : (this.#options.audio ?? countedSamples)(request);
    const speech = new ScriptedSpeech(
      samples,
      request.sampleRateHz / 10,
      failure,
      listener,
      signal,
      this.#options,
      () => this.#running.delete(speech),
    );
    this.#running.add(speech);
    speech.begin();
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const speech of [...this.#running])
      speech.fail(new SpeechError('unavailable', 'the synthesizer was closed'));
    return Promise.resolve();
  }

  #refusal(request: SynthesisRequest): SpeechError | null {
    if (this.#closed) return new SpeechError('unavailable', 'the synthesizer is closed', false);
    if (!coversLanguage(this.capabilities.languages, request.language)) {
      return new SpeechError('unsupported', `language ${request.language} is not in the script`);
    }
    if (request.voice !== '' && !this.capabilities.voices.includes(request.voice)) {
      return new SpeechError(
        'unsupported',
        `voice ${request.voice} is not one of ${this.capabilities.voices.join()}`,
      );
    }
    if (this.#running.size >= (this.#options.capacity ?? Infinity)) {
      return new SpeechError('capacity', `${this.#running.size} syntheses are running`);
    }
    return checkRequest(request, this.capabilities);
  }
}

class ScriptedSpeech {
  #offset = 0;
  #chunks = 0;
  #timer: Timer | null = null;
  /** A field, so that the signal can forget it: signals may live as long as a session. */
  readonly #end = (): void => {
    this.signal.removeEventListener('abort', this.#end);
    this.#timer?.cancel();
    this.onOver();
  };

  constructor(
    private readonly samples: Int16Array,
    private readonly chunkSamples: number,
    private readonly failure: { readonly error: SpeechError; readonly afterChunks: number } | null,
    private readonly listener: SynthesizerListener,
    private readonly signal: AbortSignal,
    private readonly options: ScriptedSynthesizerOptions,
    private readonly onOver: () => void,
  ) {}

  begin(): void {
    this.signal.addEventListener('abort', this.#end);
    this.#timer = this.options.clock.setTimer(() => this.#next(), this.options.firstChunkMs ?? 0);
  }

  fail(error: SpeechError): void {
    this.#end();
    this.listener.onError(error);
  }

  #next(): void {
    if (this.failure && this.#chunks >= this.failure.afterChunks) return this.fail(this.failure.error);
    if (this.#offset >= this.samples.length) {
      this.#end();
      return this.listener.onEnd();
    }
    const chunk = this.samples.slice(this.#offset, this.#offset + this.chunkSamples);
    this.#offset += chunk.length;
    this.#chunks++;
    this.#timer = this.options.clock.setTimer(() => this.#next(), this.options.chunkIntervalMs ?? 0);
    this.listener.onAudio(chunk);
  }
}

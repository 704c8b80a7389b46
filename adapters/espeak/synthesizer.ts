import { speechLimits } from '../../config/limits.js';
import { SpeechError } from '../../media/speech/errors.js';
import { checkRequest } from '../../media/speech/synthesis-request.js';
import type {
  SynthesisRequest,
  Synthesizer,
  SynthesizerCapabilities,
  SynthesizerListener,
} from '../../media/speech/synthesizer.js';
import {
  announcedLanguages,
  espeakArguments,
  espeakLanguage,
  espeakText,
  espeakVariants,
} from './espeak-arguments.js';
import { EspeakProcess, espeakRateHz, type EspeakInstallation } from './espeak-process.js';

interface Utterance {
  readonly request: SynthesisRequest;
  readonly language: string;
  readonly listener: SynthesizerListener;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
  process: EspeakProcess | null;
}

/**
 * Speech in a hundred languages from an installed eSpeak NG: robotic, quick, understandable; Chinese among them.
 *
 * One process an utterance, `speechLimits.synthesizerProcesses` at the same time, the rest wait
 * (`speechLimits.synthesizerQueue`). The program is under the GPL: it is run, never linked or shipped. Make one with
 * what `findEspeak` found.
 */
export class EspeakSynthesizer implements Synthesizer {
  readonly capabilities: SynthesizerCapabilities;
  readonly #installation: EspeakInstallation;
  readonly #running = new Set<Utterance>();
  readonly #waiting: Utterance[] = [];
  readonly #onIdle: (() => void)[] = [];
  #closed = false;

  constructor(installation: EspeakInstallation) {
    this.#installation = installation;
    this.capabilities = {
      name: 'espeak',
      revision: `${installation.version}, 1`,
      languages: announcedLanguages(installation.languages),
      voices: espeakVariants,
      sampleRatesHz: [espeakRateHz],
      ssml: false,
    };
  }

  get running(): number {
    return this.#running.size + this.#waiting.length;
  }

  /** A process has nothing to keep warm. */
  warmUp(): Promise<void> {
    return Promise.resolve();
  }

  speak(request: SynthesisRequest, listener: SynthesizerListener, signal: AbortSignal): void {
    if (signal.aborted) return;
    const language = espeakLanguage(request.language, this.#installation.languages);
    const refusal = this.#refusal(request, language);
    if (refusal || language === null) {
      // Later, because the contract forbids call-backs from inside this call.
      queueMicrotask(() => {
        if (refusal && !signal.aborted) listener.onError(refusal);
      });
      return;
    }
    const onAbort = (): void => this.#abort(utterance);
    const utterance: Utterance = { request, language, listener, signal, onAbort, process: null };
    signal.addEventListener('abort', onAbort);
    this.#waiting.push(utterance);
    this.#startNext();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closed = closedError();
    for (const utterance of [...this.#waiting.splice(0), ...this.#running]) {
      utterance.process?.kill();
      // One that was aborted may still be on its way out, in silence.
      if (!utterance.signal.aborted) utterance.listener.onError(closed);
      utterance.signal.removeEventListener('abort', utterance.onAbort);
    }
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #refusal(request: SynthesisRequest, language: string | null): SpeechError | null {
    if (this.#closed) return closedError();
    const invalid = checkRequest(request, this.capabilities);
    if (invalid) return invalid;
    const { voice, sampleRateHz } = request;
    if (language === null)
      return new SpeechError('unsupported', `espeak-ng has no voice for ${request.language}`);
    if (voice !== '' && !espeakVariants.includes(voice)) {
      return new SpeechError('unsupported', `voice "${voice}" is not one of ${espeakVariants.join(', ')}`);
    }
    if (sampleRateHz !== espeakRateHz) {
      return new SpeechError(
        'unsupported',
        `sampleRateHz is ${sampleRateHz}; espeak-ng speaks at ${espeakRateHz}`,
      );
    }
    if (this.#waiting.length < speechLimits.synthesizerQueue) return null;
    return new SpeechError('capacity', `${this.#waiting.length} utterances wait for espeak-ng`);
  }

  #startNext(): void {
    while (this.#running.size < speechLimits.synthesizerProcesses) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#running.add(next);
      const { language, request, listener } = next;
      const args = espeakArguments(language, request);
      const { command } = this.#installation;
      next.process = new EspeakProcess(command, args, espeakText(request.text), listener, () =>
        this.#onExit(next),
      );
    }
  }

  #abort(utterance: Utterance): void {
    utterance.process?.kill();
    const at = this.#waiting.indexOf(utterance);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #onExit(utterance: Utterance): void {
    if (!this.#running.delete(utterance)) return;
    utterance.signal.removeEventListener('abort', utterance.onAbort);
    this.#startNext();
    if (this.#running.size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

function closedError(): SpeechError {
  return new SpeechError('unavailable', 'the synthesizer is closed', false);
}

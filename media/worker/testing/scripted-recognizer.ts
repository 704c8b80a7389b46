import type {
  RecognizeHandle,
  RecognizeRequest,
  Recognizer,
  RecognizerListener,
} from '../../speech/recognizer.js';

/** What the scripted engine does; all of it plain data, as a worker's engine options must be. */
export interface RecognizerScript {
  /** Final text; empty for a no-match. */
  readonly text: string;
  readonly confidence: number;
  /** Heard after that much audio, if given. */
  readonly partial?: { readonly text: string; readonly afterMs: number };
  /** `hang` never answers, `throw` fails in `recognize`, `crash` ends its thread, `no-load` fails to start. */
  readonly fault?: 'hang' | 'throw' | 'crash' | 'no-load';
}

/** Says what its script says, whatever it hears. `heardMs` and `live` let tests see what it was given. */
export class ScriptedRecognizer implements Recognizer {
  readonly capabilities = {
    name: 'scripted',
    languages: ['*'],
    sampleRatesHz: [8_000, 16_000],
    interimResults: true,
    grammars: false,
    transcription: true,
  };
  heardMs = 0;
  live = 0;
  readonly #script: RecognizerScript;

  constructor(script: RecognizerScript) {
    this.#script = script;
  }

  warmUp(): Promise<void> {
    return Promise.resolve();
  }

  recognize(_request: RecognizeRequest, listener: RecognizerListener, signal: AbortSignal): RecognizeHandle {
    const { text, confidence, partial, fault } = this.#script;
    if (fault === 'throw') throw new Error('scripted fault');
    if (fault === 'crash')
      setImmediate(() => {
        throw new Error('scripted crash');
      });
    this.live++;
    this.heardMs = 0;
    let stopped = false;
    let partialSaid = false;
    signal.addEventListener('abort', () => this.live--, { once: true });
    return {
      writeFrame: ({ samples, sampleRateHz }) => {
        this.heardMs += (samples.length / sampleRateHz) * 1_000;
        if (!partial || partialSaid || this.heardMs < partial.afterMs) return;
        partialSaid = true;
        listener.onPartial(partial.text);
      },
      stop: () => {
        if (stopped || fault === 'hang') return;
        stopped = true;
        const alternatives = text === '' ? [] : [{ text, confidence, words: [] }];
        queueMicrotask(() => {
          if (!signal.aborted) listener.onFinal({ alternatives });
        });
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What a worker's engine table calls (RecognizerModule). */
export function createRecognizer(options: Readonly<Record<string, unknown>>): Recognizer {
  const script = options as unknown as RecognizerScript;
  if (script.fault === 'no-load') throw new Error('scripted load failure');
  return new ScriptedRecognizer(script);
}

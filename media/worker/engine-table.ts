import { SpeechError } from '../speech/errors.js';
import type { Recognizer, RecognizerModule } from '../speech/recognizer.js';
import type { EngineSpec } from './protocol.js';

/** An engine that is not ready after this counts as unavailable; it may still become ready later. */
export const engineLoadMs = 30_000;

function isRecognizerModule(module: unknown): module is RecognizerModule {
  return (
    typeof module === 'object' &&
    module !== null &&
    'createRecognizer' in module &&
    typeof module.createRecognizer === 'function'
  );
}

async function closeEngine(engine: Recognizer | SpeechError): Promise<void> {
  if (!(engine instanceof SpeechError)) await engine.close();
}

/** The recognisers of one worker thread, by name: each is loading, ready or unavailable with a reason. */
export class EngineTable {
  readonly #engines = new Map<string, Recognizer | SpeechError>();

  /** Loads one engine; rejects with the reason, which is also what `get` gives from then on. */
  async load(spec: EngineSpec): Promise<void> {
    this.#engines.set(spec.name, new SpeechError('unavailable', `recognizer ${spec.name} is still loading`));
    try {
      const module: unknown = await import(spec.moduleUrl);
      if (!isRecognizerModule(module))
        throw new SpeechError('unavailable', `${spec.moduleUrl} does not export createRecognizer`);
      const recognizer = await module.createRecognizer(spec.options);
      await recognizer.warmUp();
      this.#engines.set(spec.name, recognizer);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      const error = new SpeechError('unavailable', `recognizer ${spec.name} did not load: ${detail}`, false, {
        cause,
      });
      this.#engines.set(spec.name, error);
      throw error;
    }
  }

  get(name: string): Recognizer | SpeechError {
    return (
      this.#engines.get(name) ?? new SpeechError('unavailable', `no recognizer is named "${name}"`, false)
    );
  }

  async close(): Promise<void> {
    const engines = [...this.#engines.values()];
    this.#engines.clear();
    await Promise.allSettled(engines.map(closeEngine));
  }
}

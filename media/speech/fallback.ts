import type { Logger } from '../../config/logger.js';
import type { WireEncoding } from './audio-clip.js';
import { SpeechError } from './errors.js';
import type { SynthesisCache } from './synthesis-cache.js';
import type { ClipConsumer, ClipSubscription } from './synthesis-flight.js';
import { coversLanguage } from './synthesis-request.js';
import type { SynthesisRequest, Synthesizer } from './synthesizer.js';

/** What `speakWithFallback` works with; `engines` in the order of preference. */
export interface FallbackDeps {
  readonly cache: SynthesisCache;
  readonly engines: readonly Synthesizer[];
  readonly logger: Logger;
}

/** The engines that can take `request`, in their order: its language, and its SSML when it is SSML. */
export function selectEngines(
  engines: readonly Synthesizer[],
  request: SynthesisRequest,
): readonly Synthesizer[] {
  return engines.filter(
    ({ capabilities }) =>
      coversLanguage(capabilities.languages, request.language) &&
      (request.format === 'text' || capabilities.ssml),
  );
}

/**
 * Asks the first engine that can, and the next one when it fails in a retryable way before its first audio.
 *
 * This lies above the cache on purpose: each engine is asked under its own key, so that one vendor's voice is never
 * stored as another's. After the first audio an error goes to the consumer, as a change of voice inside a sentence is
 * worse than an honest break.
 */
export function speakWithFallback(
  deps: FallbackDeps,
  request: SynthesisRequest,
  encoding: WireEncoding,
  consumer: ClipConsumer,
): ClipSubscription {
  const engines = selectEngines(deps.engines, request);
  if (engines.length === 0) {
    consumer.onError(new SpeechError('unsupported', `no synthesizer speaks ${request.language}`));
    return { cancel: () => undefined };
  }
  const attempt = new FallbackAttempt(deps, engines, request, encoding, consumer);
  attempt.next();
  return attempt;
}

class FallbackAttempt implements ClipSubscription {
  #index = 0;
  #current: ClipSubscription | null = null;
  #cancelled = false;

  constructor(
    private readonly deps: FallbackDeps,
    private readonly engines: readonly Synthesizer[],
    private readonly request: SynthesisRequest,
    private readonly encoding: WireEncoding,
    private readonly consumer: ClipConsumer,
  ) {}

  next(): void {
    const index = this.#index++;
    const engine = this.engines[index];
    if (!engine) return;
    const request = index === 0 ? this.request : withKnownVoice(this.request, engine);
    const subscription = this.deps.cache.get(engine, request, this.encoding, this.#consumer(engine));
    // A refusal is told from inside `get`: by now a later attempt may be the current one.
    if (this.#index === index + 1) this.#current = subscription;
    if (this.#cancelled) subscription.cancel();
  }

  cancel(): void {
    this.#cancelled = true;
    this.#current?.cancel();
  }

  #consumer(engine: Synthesizer): ClipConsumer {
    let heard = false;
    return {
      onClip: (clip) => this.consumer.onClip(clip),
      onChunk: (bytes, marks) => {
        heard = true;
        this.consumer.onChunk(bytes, marks);
      },
      onEnd: () => this.consumer.onEnd(),
      onError: (error) => {
        const last = this.#index >= this.engines.length;
        if (heard || last || !error.retryable || this.#cancelled) return this.consumer.onError(error);
        const { name } = engine.capabilities;
        this.deps.logger.warn('synthesizer failed, trying the next', {
          engine: name,
          code: error.code,
          err: error,
        });
        this.next();
      },
    };
  }
}

/** Voice names are an engine's own: one that the next engine does not have becomes its default voice. */
function withKnownVoice(request: SynthesisRequest, engine: Synthesizer): SynthesisRequest {
  return engine.capabilities.voices.includes(request.voice) ? request : { ...request, voice: '' };
}

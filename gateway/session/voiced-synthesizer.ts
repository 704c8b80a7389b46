import type {
  SynthesisRequest,
  Synthesizer,
  SynthesizerCapabilities,
  SynthesizerListener,
} from '../../media/speech/synthesizer.js';

/** How the configuration lists an engine: under its own name, with a voice, for some languages only. */
export interface SynthesizerListing {
  readonly name: string;
  /** Empty for the engine's own choice. */
  readonly voice: string;
  /** Empty for all that the engine speaks. */
  readonly languages: readonly string[];
}

/**
 * A synthesiser as the operator listed it.
 *
 * The listing's name and voice are part of `capabilities`, and with them of the cache key: two listings of one engine
 * with different voices never share audio. A voice that the engine does not have is spoken in the listed one.
 */
export class VoicedSynthesizer implements Synthesizer {
  readonly capabilities: SynthesizerCapabilities;
  readonly #engine: Synthesizer;
  readonly #voice: string;

  constructor(engine: Synthesizer, listing: SynthesizerListing) {
    this.#engine = engine;
    this.#voice = listing.voice;
    const own = engine.capabilities;
    this.capabilities = {
      ...own,
      name: listing.name,
      revision: JSON.stringify([own.name, own.revision, listing.voice]),
      languages: listing.languages.length > 0 ? listing.languages : own.languages,
    };
  }

  warmUp(): Promise<void> {
    return this.#engine.warmUp();
  }

  speak(request: SynthesisRequest, listener: SynthesizerListener, signal: AbortSignal): void {
    const known = this.#engine.capabilities.voices.includes(request.voice);
    this.#engine.speak(known ? request : { ...request, voice: this.#voice }, listener, signal);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

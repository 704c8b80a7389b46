import type { Clock } from '../../config/clock.js';
import { speechLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Config } from '../../config/schema.js';
import { Resampler } from '../../media/codec/resampler.js';
import { encodeWire } from '../../media/codec/wire-codec.js';
import { bytesPerSample } from '../../media/speech/audio-clip.js';
import { SynthesisCache } from '../../media/speech/synthesis-cache.js';
import { coversLanguage } from '../../media/speech/synthesis-request.js';
import type { Synthesizer } from '../../media/speech/synthesizer.js';
import type { EngineSpec, EngineState } from '../../media/worker/protocol.js';
import { PromptSpeaker } from '../session/prompt-speaker.js';
import { VoicedSynthesizer } from '../session/voiced-synthesizer.js';
import type { EngineCatalog } from './engine-catalog.js';

/** One engine as operators see it. */
export interface EngineReport {
  readonly kind: 'recognizer' | 'synthesizer';
  readonly name: string;
  readonly languages: readonly string[];
  readonly available: boolean;
  readonly detail: string;
}

export interface SpeechDeps {
  readonly catalog: EngineCatalog;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The configured engines, the synthesis cache they share, and who serves which tier. */
export class SpeechTiers {
  readonly cache: SynthesisCache;
  readonly #config: Config;
  readonly #deps: SpeechDeps;
  readonly #synthesizers = new Map<string, Synthesizer>();
  readonly #missing: EngineReport[] = [];
  #engineStates: () => ReadonlyMap<string, EngineState> = () => new Map();

  private constructor(config: Config, deps: SpeechDeps) {
    this.#config = config;
    this.#deps = deps;
    const { cache } = config.speech;
    this.cache = new SynthesisCache(
      { ttlMs: cache.ttlHours * 3_600_000, maxBytes: cache.maxMegabytes * 1_048_576 },
      {
        clock: deps.clock,
        logger: deps.logger,
        encode: (samples, encoding, out, offset) => {
          encodeWire(encoding, samples, out, offset);
          return samples.length * bytesPerSample(encoding);
        },
        createResampler: (fromHz, toHz) => new Resampler(fromHz, toHz),
      },
    );
  }

  /** Makes every configured synthesiser that this machine has; the rest are reported, not fatal. */
  static async create(config: Config, deps: SpeechDeps): Promise<SpeechTiers> {
    const tiers = new SpeechTiers(config, deps);
    for (const listing of config.speech.synthesizers) {
      const made = await deps.catalog.createSynthesizer(listing.engine, listing.options, deps.clock);
      if (made.ok) tiers.#synthesizers.set(listing.name, new VoicedSynthesizer(made.engine, listing));
      else {
        const detail = `${made.reason}; ${made.fix}`;
        tiers.#missing.push({
          kind: 'synthesizer',
          name: listing.name,
          languages: listing.languages,
          available: false,
          detail,
        });
      }
    }
    return tiers;
  }

  /** What every media worker loads. */
  recognizerSpecs(): EngineSpec[] {
    return this.#config.speech.recognizers.flatMap(({ name, engine, options }) => {
      const info = this.#deps.catalog.recognizers[engine];
      if (!info) return [];
      return [
        {
          name,
          moduleUrl: info.moduleUrl,
          options: { maxDecoders: speechLimits.recognizerDecoders, ...options },
        },
      ];
    });
  }

  /** The workers run: from now on availability is what they say. */
  watchEngines(states: () => ReadonlyMap<string, EngineState>): void {
    this.#engineStates = states;
  }

  speaker(tier: string): PromptSpeaker {
    const names = this.#tier(tier).synthesizers;
    const engines = names.flatMap((name) => this.#synthesizers.get(name) ?? []);
    return new PromptSpeaker(engines, { cache: this.cache, logger: this.#deps.logger });
  }

  /** Name of the tier's first available recogniser for a language, or null. */
  recognizerFor(tier: string, language: string): string | null {
    for (const name of this.#tier(tier).recognizers) {
      const listing = this.#config.speech.recognizers.find((candidate) => candidate.name === name);
      const languages = listing ? (this.#deps.catalog.recognizers[listing.engine]?.languages ?? []) : [];
      if (this.#engineStates().get(name) === 'ready' && coversLanguage(languages, language)) return name;
    }
    return null;
  }

  /** Name of any available recogniser of the tier, to find out when somebody speaks, whatever they say. */
  anyRecognizer(tier: string): string | null {
    return this.#tier(tier).recognizers.find((name) => this.#engineStates().get(name) === 'ready') ?? null;
  }

  speaks(language: string): boolean {
    return [...this.#synthesizers.values()].some(({ capabilities }) =>
      coversLanguage(capabilities.languages, language),
    );
  }

  reports(): EngineReport[] {
    const states = this.#engineStates();
    const recognizers = this.#config.speech.recognizers.map(({ name, engine }): EngineReport => {
      const languages = this.#deps.catalog.recognizers[engine]?.languages ?? [];
      const available = states.get(name) === 'ready';
      return {
        kind: 'recognizer',
        name,
        languages,
        available,
        detail: available ? engine : 'could not be loaded, see the log',
      };
    });
    const synthesizers = [...this.#synthesizers.values()].map(({ capabilities }): EngineReport => {
      const { name, languages } = capabilities;
      return { kind: 'synthesizer', name, languages, available: true, detail: name };
    });
    return [...recognizers, ...synthesizers, ...this.#missing];
  }

  /** Loads what the first prompt would wait for. */
  async warmUp(): Promise<void> {
    for (const [name, engine] of this.#synthesizers) {
      try {
        await engine.warmUp();
      } catch (err) {
        this.#deps.logger.warn('synthesiser did not warm up', { engine: name, err });
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#synthesizers.values()].map((engine) => engine.close()));
  }

  #tier(name: string): { readonly recognizers: readonly string[]; readonly synthesizers: readonly string[] } {
    const tier = this.#config.tiers[name];
    if (!tier) throw new Error(`there is no tier "${name}"`);
    return tier;
  }
}

import type { Clock } from '../../config/clock.js';
import type { Synthesizer } from '../../media/speech/synthesizer.js';

/** A recogniser that media workers can load: they import the module by URL, so that media/ knows no adapter. */
export interface RecognizerModuleInfo {
  readonly moduleUrl: string;
  /** BCP 47 tags, or `*`. */
  readonly languages: readonly string[];
}

/** A synthesiser, or why it cannot be had on this machine and what to do about it. */
export type SynthesizerResult =
  | { readonly ok: true; readonly engine: Synthesizer }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/** What main.ts knows of adapters, by the engine names of the configuration. */
export interface EngineCatalog {
  readonly recognizers: Readonly<Record<string, RecognizerModuleInfo>>;
  createSynthesizer(
    engine: string,
    options: Readonly<Record<string, unknown>>,
    clock: Clock,
  ): Promise<SynthesizerResult>;
}

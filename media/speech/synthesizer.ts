import type { SpeechError } from './errors.js';

/** How a SPEAK ended, in the names of RFC 6787 8.4.4. */
export type SynthesisCause =
  | 'normal'
  | 'barge-in'
  | 'parse-failure'
  | 'uri-failure'
  | 'error'
  | 'language-unsupported'
  | 'lexicon-load-failure'
  | 'cancelled';

export interface SynthesizerCapabilities {
  readonly name: string;
  /** Changes whenever the same request would sound different (engine or voice-data version); part of the cache key. */
  readonly revision: string;
  /** BCP 47 language tags, or `*` for any. */
  readonly languages: readonly string[];
  readonly voices: readonly string[];
  /** Rates it can deliver itself; the caller resamples otherwise. */
  readonly sampleRatesHz: readonly number[];
  /** True when SSML goes through as it is; false when it is flattened to text first. */
  readonly ssml: boolean;
}

/** Everything that changes the audio; the cache key is made of all of it (style-guide: one field forgotten is one wrong voice). */
export interface SynthesisRequest {
  /** Plain text (SSML already flattened), or an SSML document when `format` is `ssml`. */
  readonly text: string;
  readonly format: 'text' | 'ssml';
  /** BCP 47. */
  readonly language: string;
  /** Empty for the engine's default. */
  readonly voice: string;
  /** 1 is normal; 0.25 to 4. */
  readonly speed: number;
  /** 1 is normal; 0.25 to 4. */
  readonly pitch: number;
  /** 1 is normal; 0 to 4. */
  readonly volume: number;
  readonly sampleRateHz: number;
  /** Other inputs that change the audio (emotion, style …), engine-specific. */
  readonly extras: Readonly<Record<string, string>>;
}

/** Call-backs of one synthesis. After `onEnd` or `onError` (exactly one, once) nothing follows. */
export interface SynthesizerListener {
  /** Linear 16-bit mono at the request's rate; read-only and valid until the call returns. */
  onAudio(samples: Int16Array): void;
  /** A `<mark>` reached at `offsetMs` of the audio. */
  onMark(name: string, offsetMs: number): void;
  onEnd(): void;
  onError(error: SpeechError): void;
}

/**
 * Turns text into speech.
 *
 * `speak` returns at once and calls back later, never from inside `speak`. Aborting `signal` ends it with no further
 * call-back.
 */
export interface Synthesizer {
  readonly capabilities: SynthesizerCapabilities;
  warmUp(): Promise<void>;
  speak(request: SynthesisRequest, listener: SynthesizerListener, signal: AbortSignal): void;
  close(): Promise<void>;
}

import type { AudioSink } from '../pipeline/audio.js';
import type { Grammar } from './grammar/grammar.js';
import type { SpeechError } from './errors.js';

/** How a recognition or synthesis ended, in the names of RFC 6787 9.4.11 (recogniser) and 8.4.4 (synthesiser). */
export type RecognitionCause =
  | 'success'
  | 'no-match'
  | 'no-input-timeout'
  | 'hotword-maxtime'
  | 'grammar-load-failure'
  | 'grammar-compilation-failure'
  | 'recognizer-error'
  | 'speech-too-early'
  | 'success-maxtime'
  | 'uri-failure'
  | 'language-unsupported'
  | 'cancelled'
  | 'semantics-failure'
  | 'partial-match'
  | 'partial-match-maxtime'
  | 'no-match-maxtime'
  | 'grammar-definition-failure';

/** What an engine can do; read before a request is made, so that a tier's choice is data. */
export interface RecognizerCapabilities {
  readonly name: string;
  /** BCP 47 language tags, or `*` for any. */
  readonly languages: readonly string[];
  readonly sampleRatesHz: readonly number[];
  readonly interimResults: boolean;
  /** True when the engine restricts itself to the grammars; false when it transcribes freely. */
  readonly grammars: boolean;
  /** True when it can take a request with no grammar (free transcription). */
  readonly transcription: boolean;
}

export interface RecognizeRequest {
  readonly sessionId: string;
  readonly sampleRateHz: number;
  /** BCP 47. */
  readonly language: string;
  /** Voice grammars; empty asks for free transcription. */
  readonly grammars: readonly Grammar[];
  /** Phrases that are likely here (a node's examples): context for engines that transcribe. */
  readonly hints: readonly string[];
  readonly interimResults: boolean;
  /** 1 to 10. */
  readonly nBest: number;
}

export interface RecognizedWord {
  readonly text: string;
  /** Milliseconds from the first frame of this recognition. */
  readonly startMs: number;
  readonly endMs: number;
  /** 0 to 1. */
  readonly confidence: number;
}

export interface RecognitionAlternative {
  readonly text: string;
  /** 0 to 1. */
  readonly confidence: number;
  readonly words: readonly RecognizedWord[];
}

/** Best first; empty when speech was heard and nothing was recognised (no-match). */
export interface RecognitionResult {
  readonly alternatives: readonly RecognitionAlternative[];
}

/** Call-backs of one recognition. After `onFinal` or `onError` (exactly one of them, once) nothing follows. */
export interface RecognizerListener {
  onPartial(text: string): void;
  onFinal(result: RecognitionResult): void;
  onError(error: SpeechError): void;
  /** Something the operator should know that does not end the recognition (a word outside the vocabulary). */
  onWarning(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** A running recognition: frames go in, `stop` says that no more will come and asks for the final result. */
export interface RecognizeHandle extends AudioSink {
  /** End of audio; idempotent. `onFinal` or `onError` follows. */
  stop(): void;
}

/**
 * Turns speech into text.
 *
 * `recognize` returns at once; call-backs come later, never from inside `recognize`. Aborting `signal` ends the
 * recognition with no further call-back and frees everything it held.
 */
export interface Recognizer {
  readonly capabilities: RecognizerCapabilities;
  /** Loads what the first request would wait for. */
  warmUp(): Promise<void>;
  recognize(request: RecognizeRequest, listener: RecognizerListener, signal: AbortSignal): RecognizeHandle;
  close(): Promise<void>;
}

/** What a worker's engine module exports: main.ts names the module, the worker loads it (media knows no adapter). */
export interface RecognizerModule {
  createRecognizer(options: Readonly<Record<string, unknown>>): Recognizer | Promise<Recognizer>;
}

import type { Grammar } from '../../media/speech/grammar/grammar.js';
import type { RecognitionCause } from '../../media/speech/recognizer.js';
import type { SynthesisCause } from '../../media/speech/synthesizer.js';

/** Parameters in force for one SPEAK, after SET-PARAMS and the request's own header fields were merged (RFC 6787 6.1). */
export interface SpeakRequest {
  readonly requestId: number;
  /** As received: `text/plain`, `application/ssml+xml`, `application/synthesis+ssml` … lower-cased, no parameters. */
  readonly contentType: string;
  readonly body: string;
  readonly speechLanguage: string | null;
  readonly voiceName: string | null;
  readonly voiceGender: string | null;
  /** As received (`+10%`, `slow`, `1.2`), or null. */
  readonly prosodyRate: string | null;
  readonly prosodyVolume: string | null;
  readonly vendorParameters: ReadonlyMap<string, string>;
}

export interface SpeakListener {
  /** A `<mark>`: the resource sends SPEECH-MARKER. */
  onMark(name: string): void;
  /** Exactly once, after the last packet and the playout delay. Not called after `stop`. */
  onComplete(cause: SynthesisCause, reason?: string): void;
}

export interface SpeakControl {
  pause(): void;
  resume(): void;
  /** Silence at the next frame; idempotent. */
  stop(): void;
}

/** The media and speech behind one speechsynth channel; `speak` answers at once, failures arrive as `onComplete`. */
export interface SynthBackend {
  speak(request: SpeakRequest, listener: SpeakListener): SpeakControl;
  close(): void;
}

/** Parameters in force for one RECOGNIZE. Times are milliseconds. */
export interface RecogRequest {
  readonly requestId: number;
  readonly grammars: readonly Grammar[];
  readonly speechLanguage: string | null;
  readonly noInputTimeoutMs: number;
  readonly recognitionTimeoutMs: number;
  readonly speechCompleteTimeoutMs: number;
  readonly speechIncompleteTimeoutMs: number;
  readonly dtmfInterdigitTimeoutMs: number;
  readonly dtmfTermTimeoutMs: number;
  readonly dtmfTermChar: string;
  /** Keys pressed up to this long before count as input (RFC 6787 9.4.31); 0 and absent forget them (9.4.32). */
  readonly dtmfBufferTimeMs?: number;
  readonly startInputTimers: boolean;
  /** 0 to 1. */
  readonly confidenceThreshold: number;
  readonly nBestListLength: number;
  readonly vendorParameters: ReadonlyMap<string, string>;
}

/** What RECOGNITION-COMPLETE carries. `body` null sends none. */
export interface RecogOutcome {
  readonly cause: RecognitionCause;
  readonly reason?: string;
  readonly contentType?: string;
  readonly body?: string;
}

export interface RecogListener {
  onStartOfInput(mode: 'speech' | 'dtmf'): void;
  /** Exactly once, unless `stop` came first. */
  onComplete(outcome: RecogOutcome): void;
}

export interface RecogControl {
  startInputTimers(): void;
  stop(): void;
}

/** The media, recogniser and conversation behind one speechrecog channel. */
export interface RecogBackend {
  recognize(request: RecogRequest, listener: RecogListener): RecogControl;
  close(): void;
}

import type { RecognizedWord } from '../../media/speech/recognizer.js';
import type { SpeechErrorCode } from '../../media/speech/errors.js';
import type { Grammar } from '../../media/speech/grammar/grammar.js';

/** Begins a recognition; there are never more at a time than `DecoderData.maxDecoders`. */
export interface StartCommand {
  readonly type: 'start';
  readonly id: number;
  /** The session's id: recognitions of one session come from one telephone line. */
  readonly line: string;
  readonly grammars: readonly Grammar[];
  readonly interimResults: boolean;
}

/** What the decoder thread is told. `id` names a recognition; commands of one id come in order. */
export type DecoderCommand =
  | { readonly type: 'warm' }
  | StartCommand
  /** 16-bit mono at `decoderRateHz`. */
  | { readonly type: 'audio'; readonly id: number; readonly samples: Int16Array }
  | { readonly type: 'stop'; readonly id: number }
  | { readonly type: 'abort'; readonly id: number };

/** What the decoder thread says. `final` and `failed` end a recognition. */
export type DecoderReport =
  | { readonly type: 'warm' }
  | { readonly type: 'partial'; readonly id: number; readonly text: string }
  /** Here `confidence` is the engine's own word probability. */
  | { readonly type: 'final'; readonly id: number; readonly words: readonly RecognizedWord[] }
  | { readonly type: 'failed'; readonly id: number; readonly code: SpeechErrorCode; readonly message: string }
  | {
      readonly type: 'warning';
      readonly id: number;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };

/** What the decoder thread is started with. */
export interface DecoderData {
  readonly maxDecoders: number;
}

/** The acoustic model's own rate: speech that was made of it at another rate is recognised less well. */
export const decoderRateHz = 8_000;

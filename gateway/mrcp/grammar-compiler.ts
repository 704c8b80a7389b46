import type { Grammar } from '../../media/speech/grammar/grammar.js';
import type { RecognitionCause } from '../../media/speech/recognizer.js';

export interface GrammarCompilerContext {
  /** BCP 47; for grammars that name no language of their own. */
  readonly language: string;
  /** What results call a grammar that has no other name (`session:…`). */
  readonly uri: string;
  /** The grammars defined under a `session:` URI, or null when there are none. */
  lookup(sessionUri: string): readonly Grammar[] | null;
  /** True when an unknown `builtin:` is an error instead of free transcription. */
  readonly strictBuiltins: boolean;
}

export type GrammarCompilation =
  | { readonly ok: true; readonly grammars: readonly Grammar[]; readonly warnings: readonly string[] }
  | {
      readonly ok: false;
      readonly kind: 'unsupported-type' | 'failed';
      readonly cause: RecognitionCause;
      readonly reason: string;
    };

/**
 * Turns the body of DEFINE-GRAMMAR or RECOGNIZE into grammars (RFC 6787 9.5.1): synchronous, bounded, never throws.
 *
 * `contentType` comes with its parameters (a multipart body needs its boundary).
 */
export type GrammarCompiler = (
  contentType: string,
  body: string,
  context: GrammarCompilerContext,
) => GrammarCompilation;

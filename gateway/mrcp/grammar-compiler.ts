import type { GrammarCompilation, GrammarContext } from '../../media/speech/grammar/compile.js';

/**
 * Turns the body of DEFINE-GRAMMAR or RECOGNIZE into grammars (RFC 6787 9.5.1): synchronous, bounded, never throws.
 *
 * `contentType` comes with its parameters (a multipart body needs its boundary).
 */
export type GrammarCompiler = (
  contentType: string,
  body: string,
  context: GrammarContext,
) => GrammarCompilation;

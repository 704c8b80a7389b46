import type { RecognitionCause } from '../recognizer.js';

/** Why a grammar cannot be used, with the completion cause that says so (RFC 6787 9.4.11). */
export class GrammarError extends Error {
  constructor(
    readonly completionCause: RecognitionCause,
    message: string,
  ) {
    super(message);
    this.name = 'GrammarError';
  }
}

/** The document breaks a rule of its language. `line` counts from 1. */
export function compilationFailure(message: string, line?: number): GrammarError {
  return new GrammarError(
    'grammar-compilation-failure',
    line === undefined ? message : `line ${line}: ${message}`,
  );
}

/**
 * Why an engine gave no scores.
 *
 * `overloaded`: later may work. `too-large`: fewer texts may work. `refused`: the request or the credential is wrong,
 * and stays so. `garbage`: the answer is not what it has to be. `stale`: what was prepared no longer fits the engine.
 */
export type SimilarityFault =
  'unreachable' | 'timeout' | 'overloaded' | 'too-large' | 'refused' | 'garbage' | 'stale' | 'unavailable';

/** A failed question to an engine; the message names the engine and holds no credential and nothing anybody said. */
export class SimilarityError extends Error {
  readonly fault: SimilarityFault;
  /** When the service asks to be tried again, in milliseconds from now; null when it did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    fault: SimilarityFault,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.name = 'SimilarityError';
    this.fault = fault;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

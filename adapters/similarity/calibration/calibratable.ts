import type { Candidate, ScoredBranch, SimilarityScorer } from '../../../dialog/scoring.js';

/** A scorer that can say what it would say, had it been given other examples: what calibration asks. */
export interface CalibratableScorer extends SimilarityScorer {
  /**
   * Every candidate's score for each text, in the order of the texts, as if `candidates` had been prepared alone.
   * Slower than a turn may be. Rejects as `prepare` does, or when `signal` aborts.
   */
  scoreHeldOut(
    candidates: readonly Candidate[],
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (readonly ScoredBranch[])[]>;
}

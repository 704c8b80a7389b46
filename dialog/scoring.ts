/** A candidate of a similarity question: one branch with its examples. */
export interface Candidate {
  readonly id: string;
  readonly examples: readonly string[];
}

/** 0 (unrelated) to 1 (the same), best first. */
export interface ScoredBranch {
  readonly branchId: string;
  readonly score: number;
}

/**
 * Scores how close an utterance is to each branch; it never decides.
 *
 * `prepare` is called once for each set (a node of one tree version); `score` answers for a subset of its ids, sorted
 * best first. Implementations reject with an Error on failure or when `signal` aborts.
 */
export interface SimilarityScorer {
  readonly name: string;
  prepare(setId: string, candidates: readonly Candidate[]): Promise<void>;
  score(
    setId: string,
    text: string,
    branchIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]>;
  /** Forgets a set; unknown ids are ignored. */
  release(setId: string): void;
}

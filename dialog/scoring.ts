/** A candidate of a similarity question: one branch with its examples. */
export interface Candidate {
  readonly id: string;
  readonly examples: readonly string[];
  /** What choosing it does, where that is known: candidates of two sets with the same outcome mean the same. */
  readonly outcome?: string;
}

/** The candidates of one node; `setId` is the node's id. */
export interface CandidateSet {
  readonly setId: string;
  readonly candidates: readonly Candidate[];
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
  /** Where present: prepares all sets of one tree together, so that words can be weighed over the whole tree. */
  prepareAll?(sets: readonly CandidateSet[]): Promise<void>;
  score(
    setId: string,
    text: string,
    branchIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]>;
  /** Forgets a set; unknown ids are ignored. */
  release(setId: string): void;
}

import type { Candidate, CandidateSet, ScoredBranch, SimilarityScorer } from '../../dialog/scoring.js';

export interface HybridScorerOptions {
  /** The in-box matcher; somebody else prepares and releases its sets, as it is the fallback as well. */
  readonly local: SimilarityScorer;
  /** In the same scale. */
  readonly remote: SimilarityScorer;
  /** The remote's part of the score, 0 to 1. */
  readonly remoteShare: number;
}

/**
 * The weighted sum of two scorers: meaning from one, the very words (names, numbers, negations) from the other.
 *
 * Fails when either fails.
 */
export class HybridScorer implements SimilarityScorer {
  readonly #options: HybridScorerOptions;

  constructor(options: HybridScorerOptions) {
    this.#options = options;
  }

  get name(): string {
    const { local, remote } = this.#options;
    return `${remote.name}+${local.name}`;
  }

  prepare(setId: string, candidates: readonly Candidate[]): Promise<void> {
    return this.#options.remote.prepare(setId, candidates);
  }

  async prepareAll(sets: readonly CandidateSet[]): Promise<void> {
    const { remote } = this.#options;
    if (remote.prepareAll) return remote.prepareAll(sets);
    for (const { setId, candidates } of sets) await remote.prepare(setId, candidates);
  }

  async score(
    setId: string,
    text: string,
    branchIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]> {
    const { local, remote, remoteShare } = this.#options;
    const [near, far] = await Promise.all([
      local.score(setId, text, branchIds, signal),
      remote.score(setId, text, branchIds, signal),
    ]);
    const byId = new Map(near.map(({ branchId, score }) => [branchId, score]));
    return far
      .map(({ branchId, score }) => ({
        branchId,
        score: remoteShare * score + (1 - remoteShare) * (byId.get(branchId) ?? 0),
      }))
      .sort((a, b) => b.score - a.score);
  }

  release(setId: string): void {
    this.#options.remote.release(setId);
  }
}

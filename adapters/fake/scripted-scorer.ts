import type { Candidate, ScoredBranch, SimilarityScorer } from '../../dialog/scoring.js';

/** Scores by text, then by branch id; 0 to 1. */
export type ScoreTable = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * A scorer that says what its table says; a text that is not in it scores 1 for the branch that has it as an example
 * and 0 for the others.
 */
export class ScriptedScorer implements SimilarityScorer {
  readonly name = 'scripted';
  /** Every text that was scored, in order. */
  readonly texts: string[] = [];
  readonly #table: ScoreTable;
  readonly #sets = new Map<string, readonly Candidate[]>();
  #failure: Error | null = null;

  constructor(table: ScoreTable = {}) {
    this.#table = table;
  }

  /** How many sets are prepared and not yet released. */
  get preparedSets(): number {
    return this.#sets.size;
  }

  /** The next `score` rejects with `error`. */
  failNext(error: Error): void {
    this.#failure = error;
  }

  prepare(setId: string, candidates: readonly Candidate[]): Promise<void> {
    this.#sets.set(setId, candidates);
    return Promise.resolve();
  }

  // The turn of the loop is where a real engine would notice that it was aborted meanwhile.
  async score(
    setId: string,
    text: string,
    branchIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]> {
    await Promise.resolve();
    signal.throwIfAborted();
    this.texts.push(text);
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure;
    const candidates = this.#sets.get(setId);
    if (!candidates) throw new Error(`set ${setId} is not prepared`);
    return candidates
      .filter(({ id }) => branchIds.includes(id))
      .map((candidate) => ({ branchId: candidate.id, score: this.#score(text, candidate) }))
      .sort((a, b) => b.score - a.score);
  }

  release(setId: string): void {
    this.#sets.delete(setId);
  }

  #score(text: string, candidate: Candidate): number {
    const row = this.#table[text];
    if (row) return row[candidate.id] ?? 0;
    return candidate.examples.includes(text) ? 1 : 0;
  }
}

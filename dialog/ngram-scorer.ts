import { NgramMatcher, frequenciesOf } from './ngram-matcher.js';
import type { Candidate, CandidateSet, ScoredBranch, SimilarityScorer } from './scoring.js';
import { TreeExamples } from './tree-examples.js';
import { DocumentFrequencies } from './vocabulary.js';

/** Examples that are read in one go: a few milliseconds. */
const examplesBetweenPauses = 200;

/**
 * The in-box `SimilarityScorer`: one `NgramMatcher` for each prepared set, in memory until released.
 *
 * Sets are prepared again by preparing the same id. `score` rejects for an unknown set and for an aborted signal.
 * `pause` is waited for between the sets of a tree, so that whoever gives one is not held up by a large tree.
 */
export class NgramScorer implements SimilarityScorer {
  readonly name = 'ngram';
  readonly #matchers = new Map<string, NgramMatcher>();
  readonly #pause: (() => Promise<void>) | null;

  constructor(pause: (() => Promise<void>) | null = null) {
    this.#pause = pause;
  }

  /** How many sets are prepared. */
  get size(): number {
    return this.#matchers.size;
  }

  prepare(setId: string, candidates: readonly Candidate[]): Promise<void> {
    this.#matchers.set(setId, new NgramMatcher(candidates));
    return Promise.resolve();
  }

  /**
   * Prepares all sets of a tree with n-gram frequencies of the whole tree and, for each set, with examples of the
   * others as what it is not about: both separate digressions better.
   */
  async prepareAll(sets: readonly CandidateSet[]): Promise<void> {
    const frequencies = new DocumentFrequencies();
    const examples = new TreeExamples();
    const distinct = new Set<string>();
    for (const set of sets) {
      const before = distinct.size;
      for (const branch of set.candidates) for (const example of branch.examples) distinct.add(example);
      examples.add(set);
      if (Math.floor(before / examplesBetweenPauses) !== Math.floor(distinct.size / examplesBetweenPauses))
        await this.#pause?.();
    }
    let read = 0;
    for (const example of distinct) {
      frequencies.add(example);
      if (++read % examplesBetweenPauses === 0) await this.#pause?.();
    }
    for (const set of sets) {
      await this.#pause?.();
      this.#matchers.set(set.setId, new NgramMatcher(set.candidates, frequencies, examples.background(set)));
    }
  }

  score(
    setId: string,
    text: string,
    branchIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]> {
    if (signal.aborted) return Promise.reject(new Error('similarity question aborted'));
    const matcher = this.#matchers.get(setId);
    if (!matcher) return Promise.reject(new Error(`candidate set "${setId}" was not prepared`));
    return Promise.resolve(matcher.match(text).filter(({ branchId }) => branchIds.includes(branchId)));
  }

  release(setId: string): void {
    this.#matchers.delete(setId);
  }
}

/** Frequencies over every distinct example of a tree; globals, which are in each set, count once. */
export function treeFrequencies(sets: readonly CandidateSet[]): DocumentFrequencies {
  const distinct = new Set<string>();
  for (const { candidates } of sets) {
    for (const { examples } of candidates) for (const example of examples) distinct.add(example);
  }
  return frequenciesOf([{ id: 'tree', examples: [...distinct] }]);
}

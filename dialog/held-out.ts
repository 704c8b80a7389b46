import { NgramMatcher } from './ngram-matcher.js';
import { treeFrequencies } from './ngram-scorer.js';
import type { Candidate, CandidateSet, ScoredBranch } from './scoring.js';
import type { TreeExamples } from './tree-examples.js';
import { bestOf, effectiveScore } from './zones.js';

const folds = 4;
/** A branch keeps at least two examples while one is held out. */
const minExamplesPerBranch = 3;
/** Sentences of other nodes that are tried at one node. */
const foreignTrials = 120;

/**
 * Answers with every candidate's score. Made from candidates and, for scorers that learn from them, sentences that
 * mean none of them, so that any scorer can be measured.
 */
export type FitMatcher = (
  candidates: readonly Candidate[],
  background: readonly string[],
) => (text: string) => readonly ScoredBranch[];

/** What happened to one example at one node while the matcher did not know it. Scores are after globals' handicap. */
export interface Trial {
  readonly setId: string;
  /** The branch it belongs to; null for an example of another node that means nothing here. */
  readonly branchId: string | null;
  readonly example: string;
  /** The best branch; null when there was none. */
  readonly takenId: string | null;
  readonly score: number;
  /** How far the best other outcome is behind, and which branch that is; Infinity and null without one. */
  readonly lead: number;
  readonly rivalId: string | null;
  /** Whether what was taken, and what came second, does what was meant. */
  readonly right: boolean;
  readonly rivalRight: boolean;
}

/**
 * Holds out every example of a node once and tries it, and examples of other nodes. The other nodes' branches are
 * halved: while one half is background the other is tried, as strange to the matcher as a real stranger.
 */
export function holdOut(set: CandidateSet, tree: TreeExamples, fit: FitMatcher): Trial[] {
  const trials: Trial[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const half = fold % 2 === 0 ? 0 : 1;
    const match = fit(
      set.candidates.map((candidate) => ({ ...candidate, examples: split(candidate, fold).kept })),
      tree.background(set, half),
    );
    for (const candidate of set.candidates) {
      for (const example of split(candidate, fold).held) trials.push(tryOut(set, candidate, example, match));
    }
    const strangers = tree.background(set, half === 0 ? 1 : 0, foreignTrials / 2);
    for (const example of strangers.filter((_example, i) => i % (folds / 2) === fold >> 1)) {
      trials.push(tryOut(set, null, example, match));
    }
  }
  return trials;
}

/** Work of `holdOut`, in units of about four microseconds (English; Chinese takes half of that). */
export function holdOutCost({ candidates }: CandidateSet): number {
  const examples = candidates.reduce((sum, candidate) => sum + candidate.examples.length, 0);
  return folds * (examples + 60) * (candidates.length + examples / 10);
}

/** Fits the in-box matcher with the word frequencies of all `sets`. */
export function ngramFit(sets: readonly CandidateSet[]): FitMatcher {
  const frequencies = treeFrequencies(sets);
  return (candidates, background) => {
    const matcher = new NgramMatcher(candidates, frequencies, background);
    return (text) => matcher.match(text);
  };
}

function split({ examples }: Candidate, fold: number): { kept: string[]; held: string[] } {
  if (examples.length < minExamplesPerBranch) return { kept: [...examples], held: [] };
  return {
    kept: examples.filter((_example, i) => i % folds !== fold),
    held: examples.filter((_example, i) => i % folds === fold),
  };
}

function tryOut(
  set: CandidateSet,
  owner: Candidate | null,
  example: string,
  match: ReturnType<FitMatcher>,
): Trial {
  const outcomes = new Map(set.candidates.map(({ id, outcome }) => [id, outcome ?? id]));
  const outcomeOf = (scored: ScoredBranch | null) => scored && outcomes.get(scored.branchId);
  const scores = match(example);
  const best = bestOf(scores);
  const rival = bestOf(scores.filter((scored) => outcomeOf(scored) !== outcomeOf(best)));
  const meant = owner && (owner.outcome ?? owner.id);
  const score = best ? effectiveScore(best) : 0;
  return {
    setId: set.setId,
    branchId: owner?.id ?? null,
    example,
    takenId: best?.branchId ?? null,
    score,
    lead: rival ? score - effectiveScore(rival) : Infinity,
    rivalId: rival?.branchId ?? null,
    right: meant !== null && outcomeOf(best) === meant,
    rivalRight: meant !== null && outcomeOf(rival) === meant,
  };
}

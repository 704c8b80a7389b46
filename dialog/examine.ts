import { isMeasurable } from './calibrate.js';
import { holdOut, ngramFit, type FitMatcher, type Trial } from './held-out.js';
import type { CandidateSet } from './scoring.js';
import { TreeExamples } from './tree-examples.js';
import type { Thresholds } from './tree.js';

/** An example that, left out of its branch, would have gone to another branch of its node. */
export interface Confusion {
  readonly setId: string;
  readonly branchId: string;
  readonly example: string;
  readonly takenBranchId: string;
  /** The other branch's score, 0 to 1, after a global's handicap. */
  readonly score: number;
}

/** An example whose node, with the example left out, would not have understood it. */
export interface RejectedExample {
  readonly setId: string;
  readonly branchId: string;
  readonly example: string;
  readonly score: number;
  /** The confirm threshold that it missed. */
  readonly threshold: number;
}

/** What held-out examples say about a tree; lists in the order of sets, empty when it was not measured. */
export interface Evidence {
  /** False for a tree beyond `dialogLimits.calibrationCost`: nothing is known, which is not the same as no problem. */
  readonly measured: boolean;
  readonly confusions: readonly Confusion[];
  readonly rejectedExamples: readonly RejectedExample[];
  /** Every trial, own and foreign, by set id. */
  readonly trials: ReadonlyMap<string, readonly Trial[]>;
}

/**
 * Holds out each example of each set once and tells which would be confused or rejected. `sets` are those of one tree
 * (`candidates(tree)`); `thresholdsOf` gives a set's thresholds by its id. Deterministic; takes 12 to 20 ms an English set.
 */
export function examineSets(
  sets: readonly CandidateSet[],
  thresholdsOf: (setId: string) => Thresholds,
  fit: FitMatcher = ngramFit(sets),
): Evidence {
  const trials = new Map<string, readonly Trial[]>();
  const measured = isMeasurable(sets);
  const examples = new TreeExamples(measured ? sets : []);
  if (measured) for (const set of sets) trials.set(set.setId, holdOut(set, examples, fit));
  const own = [...trials.values()].flat();
  return {
    measured,
    trials,
    confusions: own.flatMap((trial) => confusion(trial, thresholdsOf(trial.setId)) ?? []),
    rejectedExamples: own.flatMap((trial) => rejection(trial, thresholdsOf(trial.setId)) ?? []),
  };
}

function confusion(trial: Trial, { confirm }: Thresholds): Confusion | null {
  const { setId, branchId, example, takenId, score, right } = trial;
  if (branchId === null || takenId === null || right || score < confirm) return null;
  return { setId, branchId, example, takenBranchId: takenId, score };
}

function rejection(
  { setId, branchId, example, score }: Trial,
  { confirm }: Thresholds,
): RejectedExample | null {
  if (branchId === null || score >= confirm) return null;
  return { setId, branchId, example, score, threshold: confirm };
}

import { dialogLimits } from '../config/limits.js';
import { candidates } from './candidates.js';
import { NgramMatcher } from './ngram-matcher.js';
import { treeFrequencies } from './ngram-scorer.js';
import type { Candidate, CandidateSet, ScoredBranch } from './scoring.js';
import { defaultThresholds, isWaiting, type DialogNode, type DialogTree, type Thresholds } from './tree.js';
import { bestOf, effectiveScore } from './zones.js';

/** Folds of the held-out test; the smallest branch worth measuring has as many examples. */
const folds = 4;
const minExamplesPerBranch = 3;
const maxNegatives = 200;
const acceptPercent = { from: 22, to: 42 } as const;
/** How much of `accept` the confirm threshold is. */
const confirmShare = 0.7;
/** Cost of taking the wrong branch, against 1 for asking again. */
const wrongCost = 2;
/** Pull towards the default: few examples say little. */
const priorWeight = 20;

/** Answers with every candidate's score; made from candidates alone, so that any scorer can be calibrated. */
export type FitMatcher = (candidates: readonly Candidate[]) => (text: string) => readonly ScoredBranch[];

/** Held-out scores at one node. */
export interface NodeEvidence {
  /** Of own examples whose branch came first. */
  readonly right: readonly number[];
  /** Of own examples whose branch did not. */
  readonly wrong: readonly number[];
  /** Of other nodes' examples. */
  readonly foreign: readonly number[];
}

/**
 * The tree with thresholds for each node that has none of its own: its examples, each held out once, have to pass;
 * other nodes' examples should not. One constant does not fit all nodes (measured), hence the effort. A tree that
 * would cost more than `dialogLimits.calibrationCost` keeps the default thresholds.
 */
export function calibrate(tree: DialogTree, fit: FitMatcher = ngramFit(tree)): DialogTree {
  const sets = candidates(tree);
  if (sets.reduce((sum, set) => sum + fitCost(set), 0) > dialogLimits.calibrationCost) return tree;
  const measured = new Map<string, Thresholds>();
  const thresholdsByNode = new Map<string, Thresholds>();
  for (const set of sets) {
    const node = tree.nodes.get(set.setId);
    if (!isWaiting(node) || node.thresholds.source !== 'default') continue;
    const key = JSON.stringify(set.candidates);
    const thresholds = measured.get(key) ?? thresholdsFor(gatherEvidence(tree, set, sets, fit));
    measured.set(key, thresholds);
    thresholdsByNode.set(set.setId, thresholds);
  }
  const nodes = new Map<string, DialogNode>();
  for (const [id, node] of tree.nodes) {
    const thresholds = thresholdsByNode.get(id);
    nodes.set(id, thresholds && isWaiting(node) ? { ...node, thresholds } : node);
  }
  return { ...tree, nodes };
}

/** Scores of held-out own examples and of other nodes' examples, as `judge` would compare them. */
export function gatherEvidence(
  tree: DialogTree,
  set: CandidateSet,
  sets: readonly CandidateSet[],
  fit: FitMatcher,
): NodeEvidence {
  const right: number[] = [];
  const wrong: number[] = [];
  const measurable = set.candidates.every(({ examples }) => examples.length >= minExamplesPerBranch);
  for (let fold = 0; measurable && fold < folds; fold++) {
    const match = fit(
      set.candidates.map(({ id, examples }) => ({ id, examples: examples.filter(keep(fold)) })),
    );
    for (const { id, examples } of set.candidates) {
      for (const example of examples.filter((_example, i) => i % folds === fold)) {
        const best = bestOf(match(example));
        if (best) (best.branchId === id ? right : wrong).push(effectiveScore(best));
      }
    }
  }
  const match = fit(set.candidates);
  const foreign = foreignExamples(tree, set, sets).map((example) => {
    const best = bestOf(match(example));
    return best ? effectiveScore(best) : 0;
  });
  return { right, wrong, foreign };
}

/** The accept threshold that costs least on the evidence; without evidence the default. */
export function thresholdsFor({ right, wrong, foreign }: NodeEvidence): Thresholds {
  if (right.length === 0) return defaultThresholds;
  let accept: number = defaultThresholds.accept;
  let least = Infinity;
  for (let percent: number = acceptPercent.from; percent <= acceptPercent.to; percent++) {
    const at = percent / 100;
    const refused = share(right, (score) => score < at);
    const mistaken = share(wrong, (score) => score >= at) * (wrong.length / (right.length + wrong.length));
    const digressed = share(foreign, (score) => score >= at);
    const cost =
      refused + wrongCost * mistaken + digressed + priorWeight * (at - defaultThresholds.accept) ** 2;
    if (cost >= least) continue;
    least = cost;
    accept = at;
  }
  return { accept, confirm: Math.round(accept * confirmShare * 100) / 100, source: 'calibrated' };
}

function ngramFit(tree: DialogTree): FitMatcher {
  const frequencies = treeFrequencies(candidates(tree));
  return (set) => {
    const matcher = new NgramMatcher(set, frequencies);
    return (text) => matcher.match(text);
  };
}

function keep(fold: number): (example: string, index: number) => boolean {
  return (_example, index) => index % folds !== fold;
}

/** Evenly taken examples of other nodes, but for branches that mean the same (same id or same target). */
function foreignExamples(tree: DialogTree, set: CandidateSet, sets: readonly CandidateSet[]): string[] {
  const known = new Set(set.candidates.map(({ id }) => id));
  const targets = targetsAt(tree, set.setId);
  const examples = new Set<string>();
  for (const other of sets) {
    if (other.setId === set.setId) continue;
    const otherTargets = targetsAt(tree, other.setId);
    for (const candidate of other.candidates) {
      const target = otherTargets.get(candidate.id);
      if (known.has(candidate.id) || (target !== undefined && [...targets.values()].includes(target)))
        continue;
      for (const example of candidate.examples) examples.add(example);
    }
  }
  const stride = Math.max(1, Math.ceil(examples.size / maxNegatives));
  return [...examples].filter((_example, i) => i % stride === 0);
}

function targetsAt(tree: DialogTree, nodeId: string): Map<string, string> {
  const node = tree.nodes.get(nodeId);
  const targets = new Map<string, string>();
  if (node?.kind !== 'listen') return targets;
  for (const { id, effect } of node.branches) if (effect.type === 'go') targets.set(id, effect.target);
  return targets;
}

/** Fitting goes with examples times branches, matching each example with a part of examples times examples. */
function fitCost({ candidates: fitted }: CandidateSet): number {
  const examples = fitted.reduce((sum, candidate) => sum + candidate.examples.length, 0);
  return (folds + 1) * examples * (fitted.length + examples / 10);
}

function share(scores: readonly number[], test: (score: number) => boolean): number {
  return scores.length === 0 ? 0 : scores.filter(test).length / scores.length;
}

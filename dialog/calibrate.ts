import { dialogLimits } from '../config/limits.js';
import { candidates } from './candidates.js';
import { holdOut, holdOutCost, ngramFit, type FitMatcher, type Trial } from './held-out.js';
import type { CandidateSet } from './scoring.js';
import { TreeExamples } from './tree-examples.js';
import { defaultThresholds, isWaiting, type DialogNode, type DialogTree, type Thresholds } from './tree.js';
import { chooseMargin, closeCall } from './zones.js';

/**
 * Thresholds that are considered, in hundredths; `confirm` is at least `narrowest` below `accept`. Above its highest a
 * sentence has so much in common with an example that asking is always better than refusing.
 */
const acceptRange = { from: 22, to: 50, step: 2 } as const;
const confirmRange = { from: 14, to: 28, step: 2 } as const;
const narrowest = 4;

/** What each end of a turn costs the user, against about 1 for having to say a good sentence again. */
const cost = {
  own: { taken: 0, mistaken: 3, asked: 0.45, askedAmiss: 1.1, rejected: 1.1, rejectedAmiss: 0.8 },
  foreign: { taken: 2, asked: 0.7, rejected: 0 },
} as const;
/** Foreign sentences against own ones: callers mostly answer what they are asked. */
const foreignShare = 0.4;
/**
 * Best scores of sentences that a node knows nothing of, in even shares, over three intent sets: what to expect of
 * strangers where a tree has no other nodes to show them.
 * They give way to real ones: `enoughStrangers` of those, and they count no more.
 */
const usualStrangers = [0.18, 0.2, 0.21, 0.22, 0.24, 0.25, 0.26, 0.28, 0.32, 0.4].map((score) => ({
  score,
  lead: closeCall,
}));
const enoughStrangers = 40;
/** So many trials of its own weigh as much at a node as those of the whole tree do. */
const poolWeight = 20;
/** Pull towards the default, so that a handful of trials cannot go far. */
const priorWeight = 12;

/**
 * The tree with thresholds for each node that has none of its own, such that its examples, each held out once, pass
 * and other nodes' examples do not. One constant does not fit all nodes (measured); thirty examples alone do not fit
 * one, so the trials of the whole tree count as well. A tree that would cost more than
 * `dialogLimits.calibrationCost` keeps the default thresholds, whose `source` says so.
 */
export function calibrate(tree: DialogTree, fit?: FitMatcher): DialogTree {
  const sets = candidates(tree);
  if (!isMeasurable(sets)) return tree;
  const thresholds = calibrateSets(
    sets.filter(({ setId }) => {
      const node = tree.nodes.get(setId);
      return isWaiting(node) && node.thresholds.source === 'default';
    }),
    sets,
    fit ?? ngramFit(sets),
  );
  return withThresholds(tree, thresholds);
}

/** The tree with these thresholds at the nodes named; names of nodes that do not wait are ignored. */
export function withThresholds(tree: DialogTree, byNode: ReadonlyMap<string, Thresholds>): DialogTree {
  const nodes = new Map<string, DialogNode>();
  for (const [id, node] of tree.nodes) {
    const thresholds = byNode.get(id);
    nodes.set(id, thresholds && isWaiting(node) ? { ...node, thresholds } : node);
  }
  return { ...tree, nodes };
}

type Stranger = Pick<Trial, 'score' | 'lead'>;

/** What `calibrate` measured, by node. */
export function measuredThresholds(tree: DialogTree): Map<string, Thresholds> {
  const measured = new Map<string, Thresholds>();
  for (const [id, node] of tree.nodes)
    if (isWaiting(node) && node.thresholds.source === 'calibrated') measured.set(id, node.thresholds);
  return measured;
}

/** Thresholds of each of `wanted` by set id; `sets` are all of its tree. Takes time: 12 to 20 ms an English set. */
export function calibrateSets(
  wanted: readonly CandidateSet[],
  sets: readonly CandidateSet[],
  fit: FitMatcher = ngramFit(sets),
): Map<string, Thresholds> {
  const examples = new TreeExamples(sets);
  const measured = new Map<string, readonly Trial[]>();
  const trials = wanted.map((set) => {
    // Nodes with nothing but the globals are alike.
    const key = JSON.stringify(set.candidates);
    const own = measured.get(key) ?? holdOut(set, examples, fit);
    measured.set(key, own);
    return own;
  });
  const pool = costs([...measured.values()].flat());
  return new Map(wanted.map(({ setId }, i) => [setId, thresholdsFor(trials[i] ?? [], pool)]));
}

/** Whether measuring all sets stays within `dialogLimits.calibrationCost`. */
export function isMeasurable(sets: readonly CandidateSet[]): boolean {
  return sets.reduce((sum, set) => sum + holdOutCost(set), 0) <= dialogLimits.calibrationCost;
}

/**
 * The thresholds that cost least on a node's trials together with the tree's (`costs` of all trials; without them
 * the node's alone); without own examples held out, the default.
 */
export function thresholdsFor(trials: readonly Trial[], pool?: Float64Array): Thresholds {
  const own = trials.filter(({ branchId }) => branchId !== null).length;
  if (own === 0 && !pool?.some((value) => value > 0)) return defaultThresholds;
  const node = costs(trials);
  const share = pool ? own / (own + poolWeight) : 1;
  let least = Infinity;
  let best: Pick<Thresholds, 'accept' | 'confirm'> = defaultThresholds;
  forEachPair((accept, confirm, index) => {
    const total =
      share * (node[index] ?? 0) +
      (1 - share) * (pool?.[index] ?? 0) +
      (priorWeight / (trials.length + 20)) *
        ((accept - defaultThresholds.accept) ** 2 + (confirm - defaultThresholds.confirm) ** 2);
    if (total >= least) return;
    least = total;
    best = { accept, confirm };
  });
  return { ...best, source: 'calibrated' };
}

/** The mean cost of a turn at each pair of thresholds, in the order of `forEachPair`. */
export function costs(trials: readonly Trial[]): Float64Array {
  const own = trials.filter(({ branchId }) => branchId !== null);
  const foreign = trials.filter(({ branchId }) => branchId === null);
  const usual = Math.max(0, 1 - foreign.length / enoughStrangers);
  const totals: number[] = [];
  forEachPair((accept, confirm) => {
    const ownCost = mean(own, (trial) => costOfOwn(trial, accept, confirm));
    const foreignOf = (stranger: Stranger): number => costOfForeign(stranger, accept, confirm);
    const foreignCost = (1 - usual) * mean(foreign, foreignOf) + usual * mean(usualStrangers, foreignOf);
    totals.push(ownCost + foreignShare * foreignCost);
  });
  return Float64Array.from(totals);
}

function costOfOwn({ score, lead, right, rivalRight }: Trial, accept: number, confirm: number): number {
  const { own } = cost;
  if (score >= accept && lead >= closeCall) return right ? own.taken : own.mistaken;
  if (score < confirm) return right ? own.rejected : own.rejectedAmiss;
  const offered = right || (rivalRight && lead < (score >= accept ? closeCall : chooseMargin));
  return offered ? own.asked : own.askedAmiss;
}

function costOfForeign({ score, lead }: Stranger, accept: number, confirm: number): number {
  if (score >= accept && lead >= closeCall) return cost.foreign.taken;
  return score >= confirm ? cost.foreign.asked : cost.foreign.rejected;
}

function forEachPair(visit: (accept: number, confirm: number, index: number) => void): void {
  let index = 0;
  for (let accept: number = acceptRange.from; accept <= acceptRange.to; accept += acceptRange.step) {
    const highest = Math.min(confirmRange.to, accept - narrowest);
    for (let confirm: number = confirmRange.from; confirm <= highest; confirm += confirmRange.step) {
      visit(accept / 100, confirm / 100, index++);
    }
  }
}

function mean<T>(trials: readonly T[], costOf: (trial: T) => number): number {
  let sum = 0;
  for (const trial of trials) sum += costOf(trial);
  return trials.length === 0 ? 0 : sum / trials.length;
}

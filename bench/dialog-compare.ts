import { SeededRandom } from '../config/random.js';
import type { LabelledSet } from './dialog-data.js';
import { rank, type Ranking } from './dialog-measure.js';
import { ngramModel, type IntentModel } from './dialog-model.js';
import { drawFlat, drawSiblings, drawTree, type Task } from './dialog-tasks.js';
import { runTask } from './dialog-trial.js';
import { atForeignShare, ourZones, peerZones, type ZoneOutcomes } from './dialog-zones.js';
import { summarize } from './statistics.js';

/** What one model showed in one regime: means over the draws, medians of the times. */
export interface Measured extends Ranking {
  readonly fitMs: number;
  readonly matchUs: number;
  readonly heapMb: number;
}

/** One regime of one set: ours, and the peer's figures, each from the better of its settings; null without a peer. */
export interface Comparison {
  readonly regime: string;
  readonly branches: number;
  readonly ours: Measured;
  readonly peer: Measured | null;
}

/** Outcomes in trees: ours as calibrated, the peer at its own threshold and at the one that is as strict as ours. */
export interface ZoneComparison {
  readonly ours: ZoneOutcomes;
  readonly peer: ZoneOutcomes | null;
  readonly peerAsStrict: { readonly right: number; readonly wrong: number } | null;
}

/** Threshold below which NLP.js, unless told otherwise, answers "None". */
const peerThreshold = 0.5;
const nodesPerTree = 8;

/** Runs every regime that the set is large enough for. */
export async function compareRegimes(
  set: LabelledSet,
  peers: readonly IntentModel[],
  quick: boolean,
  print: (line: string) => void,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  const compare = async (regime: string, branches: number, tasks: readonly Task[]): Promise<void> => {
    print(`${set.name}: ${regime}`);
    const weigh = branches === set.intents.size;
    const ours = await measure(ngramModel, tasks, set.language, weigh);
    const settings: Measured[] = [];
    for (const peer of peers) settings.push(await measure(peer, tasks, set.language, weigh));
    comparisons.push({ regime, branches, ours, peer: bestOf(settings) });
  };
  for (const shots of [5, 10]) {
    const random = new SeededRandom(shots);
    const tasks = Array.from({ length: quick ? 1 : 2 }, () => drawFlat(set, shots, random));
    await compare(`all ${set.intents.size} intents, ${shots} examples`, set.intents.size, tasks);
  }
  for (const branches of [4, 6, 8, 20]) {
    if (branches >= set.intents.size) continue;
    const random = new SeededRandom(branches);
    const draws = quick ? 2 : branches > 10 ? 10 : 25;
    const tasks = Array.from({ length: draws }, () => drawSiblings(set, branches, 5, random));
    await compare(`${branches} branches, 5 examples`, branches, tasks);
  }
  return comparisons;
}

/** Trees of several nodes; null for a set too small to leave anything unknown. */
export async function compareZones(
  set: LabelledSet,
  peers: readonly IntentModel[],
  quick: boolean,
): Promise<ZoneComparison | null> {
  if (set.intents.size < 12) return null;
  const random = new SeededRandom(11);
  const trees = Array.from({ length: quick ? 1 : 4 }, () => drawTree(set, nodesPerTree, random));
  const ours = await ourZones(trees);
  const [peer] = peers;
  if (!peer) return { ours, peer: null, peerAsStrict: null };
  const theirs = await peerZones(peer, trees, set.language, peerThreshold);
  return { ours, peer: theirs, peerAsStrict: atForeignShare(theirs.answers, ours.foreign.accepted) };
}

async function measure(
  model: IntentModel,
  tasks: readonly Task[],
  language: 'en' | 'zh',
  weigh: boolean,
): Promise<Measured> {
  const rankings: Ranking[] = [];
  const fitMs: number[] = [];
  const matchUs: number[] = [];
  let heapMb = 0;
  for (const task of tasks) {
    const trial = await runTask(model, task, language, weigh);
    rankings.push(rank(trial.answers));
    fitMs.push(trial.fitMs);
    matchUs.push(trial.matchUs);
    // A draw may free what the one before left behind: the largest growth is the model's own.
    heapMb = Math.max(heapMb, trial.heapMb);
  }
  return {
    accuracy: mean(rankings.map(({ accuracy }) => accuracy)),
    auroc: meanOrNull(rankings.map(({ auroc }) => auroc)),
    rejectedAtLoss: meanOrNull(rankings.map(({ rejectedAtLoss }) => rejectedAtLoss)),
    fitMs: summarize(fitMs).p50,
    matchUs: summarize(matchUs).p50,
    heapMb,
  };
}

/** The best figure of any setting: the peer's user may know which to take. */
function bestOf(settings: readonly Measured[]): Measured | null {
  const [first] = settings;
  if (!first) return null;
  const largest = (of: (measured: Measured) => number | null): number | null => {
    const values = settings.map(of).filter((value) => value !== null);
    return values.length > 0 ? Math.max(...values) : null;
  };
  const least = (of: (measured: Measured) => number): number => Math.min(...settings.map(of));
  return {
    accuracy: largest(({ accuracy }) => accuracy) ?? 0,
    auroc: largest(({ auroc }) => auroc),
    rejectedAtLoss: largest(({ rejectedAtLoss }) => rejectedAtLoss),
    fitMs: least(({ fitMs }) => fitMs),
    matchUs: least(({ matchUs }) => matchUs),
    heapMb: least(({ heapMb }) => heapMb),
  };
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  const measured = values.filter((value) => value !== null);
  return measured.length > 0 ? mean(measured) : null;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

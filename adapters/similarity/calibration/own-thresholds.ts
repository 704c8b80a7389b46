import type { ScoreEvidence } from './evidence.js';
import type { ThresholdPair } from './score-scale.js';

/** Cost of taking the wrong branch, against 1 for asking again. */
const wrongCost = 2;
/** Pull of a node's threshold towards the tree's: few examples say little. */
const treeWeight = 4;
/** Fewer held-out examples than this say nothing. */
const minimumEvidence = 6;
const steps = 100;
const smallest = 0.04;
const largest = 0.96;

/**
 * The thresholds that cost least in a scorer's own scale; null when there is too little evidence.
 *
 * Where several cost the same, the middle of them: as far from both kinds of mistake as can be. Never above what half of
 * the right answers reach: a scorer that is mostly wrong should ask back, not go silent. `tree` is what the whole tree's
 * evidence gave. Confirm lies half-way between accept and what sentences of other nodes score.
 */
export function ownThresholds(
  { right, wrong, foreign }: ScoreEvidence,
  tree: ThresholdPair | null,
): ThresholdPair | null {
  if (right.length < minimumEvidence) return null;
  const most = Math.max(smallest, Math.min(largest, median(right)));
  const costs = Array.from({ length: steps + 1 }, (_, step) => {
    const at = step / steps;
    if (at < smallest || at > most) return Infinity;
    const refused = countBelow(right, at) / right.length;
    const mistaken = (wrong.length - countBelow(wrong, at)) / (right.length + wrong.length);
    const digressed = foreign.length === 0 ? 0 : 1 - countBelow(foreign, at) / foreign.length;
    const pull = tree ? treeWeight * (at - tree.accept) ** 2 : 0;
    return refused + wrongCost * mistaken + digressed + pull;
  });
  const accept = middleOfCheapest(costs) / steps;
  const unrelated = foreign.length > 0 ? median(foreign) : 0;
  const confirm = unrelated < accept ? (accept + unrelated) / 2 : accept * 0.8;
  return { accept, confirm: Math.min(confirm, accept * 0.95) };
}

/** The middle of the longest row of steps that cost least. */
function middleOfCheapest(costs: readonly number[]): number {
  const least = Math.min(...costs) + 1e-9;
  let best = { from: 0, length: 0 };
  for (let from = 0; from < costs.length; from++) {
    let length = 0;
    while ((costs[from + length] ?? Infinity) <= least) length++;
    if (length > best.length) best = { from, length };
    from += length;
  }
  return best.from + (best.length - 1) / 2;
}

function countBelow(scores: readonly number[], at: number): number {
  return scores.filter((score) => score < at).length;
}

function median(scores: readonly number[]): number {
  return scores.toSorted((a, b) => a - b)[scores.length >> 1] ?? 0;
}

import type { ScoredBranch } from './scoring.js';
import { globalHandicap, globalPrefix, type Thresholds } from './tree.js';

/** What the scores of one utterance mean at one node. */
export interface Verdict {
  readonly zone: 'accept' | 'confirm' | 'reject';
  /** The best branch, after globals took their handicap; null when there was none. */
  readonly branchId: string | null;
  /** Its score as given. */
  readonly score: number | null;
  /** What the score had to reach for its zone; for a rejected one, what it missed. */
  readonly threshold: number;
}

/**
 * Sorts the best branch into its zone. A global has to beat its siblings, and both thresholds, by `globalHandicap`.
 * Scores that are not finite count as 0; on a tie the earlier one wins.
 */
export function judge(scores: readonly ScoredBranch[], thresholds: Thresholds): Verdict {
  let best: ScoredBranch | null = null;
  let bestEffective = -Infinity;
  for (const scored of scores) {
    const effective = effectiveScore(scored);
    if (effective <= bestEffective) continue;
    best = scored;
    bestEffective = effective;
  }
  if (!best) return { zone: 'reject', branchId: null, score: null, threshold: thresholds.confirm };
  const handicap = handicapOf(best.branchId);
  const { branchId, score } = best;
  if (bestEffective >= thresholds.accept)
    return { zone: 'accept', branchId, score, threshold: thresholds.accept + handicap };
  const threshold = thresholds.confirm + handicap;
  return { zone: bestEffective >= thresholds.confirm ? 'confirm' : 'reject', branchId, score, threshold };
}

/** The score that is compared with thresholds: a global's is lowered by its handicap. */
export function effectiveScore({ branchId, score }: ScoredBranch): number {
  return (Number.isFinite(score) ? score : 0) - handicapOf(branchId);
}

function handicapOf(branchId: string): number {
  return branchId.startsWith(globalPrefix) ? globalHandicap : 0;
}

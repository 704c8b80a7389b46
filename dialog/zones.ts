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
 * A runner-up nearer than this makes the best branch a question. Measured on three intent sets: one wrong branch in
 * five is caught, one right one in two hundred is asked back.
 */
const closeCall = 0.03;

/**
 * Sorts the best branch into its zone. A global has to beat its siblings, and both thresholds, by `globalHandicap`.
 *
 * `sameOutcome` says of two branches that it does not matter which is taken, so that they are no rivals. Scores that
 * are not finite count as 0; on a tie the earlier one wins.
 */
export function judge(
  scores: readonly ScoredBranch[],
  thresholds: Thresholds,
  sameOutcome: (branchId: string, otherId: string) => boolean = () => false,
): Verdict {
  const best = bestOf(scores);
  if (!best) return { zone: 'reject', branchId: null, score: null, threshold: thresholds.confirm };
  const { branchId, score } = best;
  const effective = effectiveScore(best);
  const handicap = handicapOf(branchId);
  const rival = bestOf(scores.filter((other) => other !== best && !sameOutcome(branchId, other.branchId)));
  const clear = !rival || effective - effectiveScore(rival) >= closeCall;
  if (effective >= thresholds.accept)
    return { zone: clear ? 'accept' : 'confirm', branchId, score, threshold: thresholds.accept + handicap };
  const threshold = thresholds.confirm + handicap;
  return { zone: effective >= thresholds.confirm ? 'confirm' : 'reject', branchId, score, threshold };
}

/** The branch with the best effective score, the first of equals; null for none. */
export function bestOf(scores: readonly ScoredBranch[]): ScoredBranch | null {
  let best: ScoredBranch | null = null;
  for (const scored of scores) if (!best || effectiveScore(scored) > effectiveScore(best)) best = scored;
  return best;
}

/** The score that is compared with thresholds: a global's is lowered by its handicap. */
export function effectiveScore({ branchId, score }: ScoredBranch): number {
  return (Number.isFinite(score) ? score : 0) - handicapOf(branchId);
}

function handicapOf(branchId: string): number {
  return branchId.startsWith(globalPrefix) ? globalHandicap : 0;
}

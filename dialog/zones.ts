import type { ScoredBranch } from './scoring.js';
import { globalHandicap, globalPrefix, type Thresholds } from './tree.js';

/** What the scores of one utterance mean at one node. */
export interface Verdict {
  /** Take the best branch, ask back about it, offer two or three, or admit that nothing was understood. */
  readonly zone: 'accept' | 'confirm' | 'choose' | 'reject';
  /** The best branch, after globals took their handicap; null when there was none. */
  readonly branchId: string | null;
  /** Its score as given. */
  readonly score: number | null;
  /** What the score had to reach for its zone; for a rejected one, what it missed. */
  readonly threshold: number;
  /** For `choose` what to offer, best first, two or three branches of different outcome; else empty. */
  readonly options: readonly string[];
}

/** Says of two branches that it does not matter which is taken, so that they are no rivals. */
export type SameOutcome = (branchId: string, otherId: string) => boolean;

/** A runner-up this near makes even a high score a question (figures in bench/README.md). */
export const closeCall = 0.04;
/** A runner-up this near makes a middling score a question about both. */
export const chooseMargin = 0.08;
/** More options than this nobody remembers on the phone. */
const maxOptions = 3;

/**
 * Sorts the best branch into its zone. A global has to beat its siblings, and both thresholds, by `globalHandicap`.
 *
 * Scores that are not finite count as 0; on a tie the earlier one wins.
 */
export function judge(
  scores: readonly ScoredBranch[],
  thresholds: Thresholds,
  sameOutcome: SameOutcome = () => false,
): Verdict {
  const best = bestOf(scores);
  if (!best) {
    return { zone: 'reject', branchId: null, score: null, threshold: thresholds.confirm, options: [] };
  }
  const { branchId, score } = best;
  const effective = effectiveScore(best);
  const accepted = effective >= thresholds.accept;
  const margin = accepted ? closeCall : chooseMargin;
  const options = effective >= thresholds.confirm ? rivals(scores, best, margin, sameOutcome) : [];
  const threshold = (accepted ? thresholds.accept : thresholds.confirm) + handicapOf(branchId);
  if (options.length > 1) return { zone: 'choose', branchId, score, threshold, options };
  const zone = accepted ? 'accept' : effective >= thresholds.confirm ? 'confirm' : 'reject';
  return { zone, branchId, score, threshold, options: [] };
}

/** The best branch and those less than `margin` below it, of different outcomes, best first. */
function rivals(
  scores: readonly ScoredBranch[],
  best: ScoredBranch,
  margin: number,
  sameOutcome: SameOutcome,
): string[] {
  const nearest = effectiveScore(best) - margin;
  const options: string[] = [];
  for (const { branchId } of scores
    .filter((scored) => scored === best || effectiveScore(scored) > nearest)
    .sort((a, b) => effectiveScore(b) - effectiveScore(a))) {
    if (options.length < maxOptions && !options.some((option) => sameOutcome(option, branchId)))
      options.push(branchId);
  }
  return options;
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

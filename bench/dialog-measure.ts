import type { ScoredBranch } from '../dialog/scoring.js';
import type { Query } from './dialog-tasks.js';

/** A query with what a matcher made of it. */
export interface Answer {
  readonly query: Query;
  /** Best first. */
  readonly scores: readonly ScoredBranch[];
}

/** Shares of 0 to 1; null where nothing foreign was asked. */
export interface Ranking {
  /** Own utterances whose best branch is the right one. */
  readonly accuracy: number;
  /** Probability that an own utterance scores above a foreign one. */
  readonly auroc: number | null;
  /** Foreign utterances below the score that 5 % of the own ones miss. */
  readonly rejectedAtLoss: number | null;
}

const loss = 0.05;

export function rank(answers: readonly Answer[]): Ranking {
  const own = answers.filter(({ query }) => query.intent !== null);
  const right = own.filter(({ query, scores }) => scores[0]?.branchId === query.intent);
  const ownScores = own.map(bestScore);
  const foreignScores = answers.filter(({ query }) => query.intent === null).map(bestScore);
  const measurable = ownScores.length > 0 && foreignScores.length > 0;
  return {
    accuracy: right.length / Math.max(1, own.length),
    auroc: measurable ? auroc(ownScores, foreignScores) : null,
    rejectedAtLoss: measurable ? shareBelow(foreignScores, quantile(ownScores, loss)) : null,
  };
}

function bestScore({ scores }: Answer): number {
  return scores[0]?.score ?? 0;
}

/** Probability that a value of `above` is larger than one of `below`; equal ones count half. */
export function auroc(above: readonly number[], below: readonly number[]): number {
  const all = [
    ...above.map((score) => ({ score, wins: true })),
    ...below.map((score) => ({ score, wins: false })),
  ].sort((a, b) => a.score - b.score);
  let beaten = 0;
  let wins = 0;
  for (let i = 0; i < all.length;) {
    const score = all[i]?.score;
    let tiedAbove = 0;
    let tiedBelow = 0;
    for (; all[i]?.score === score && i < all.length; i++) {
      if (all[i]?.wins) tiedAbove++;
      else tiedBelow++;
    }
    wins += tiedAbove * (beaten + tiedBelow / 2);
    beaten += tiedBelow;
  }
  return wins / (above.length * below.length);
}

/** The value that `share` of the sample lies below. */
function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(share * sorted.length)] ?? 0;
}

function shareBelow(values: readonly number[], limit: number): number {
  return values.filter((value) => value < limit).length / Math.max(1, values.length);
}

/** Two scores that mean the same in two scales: the accept and the confirm threshold. 0 < confirm < accept < 1. */
export interface ThresholdPair {
  readonly accept: number;
  readonly confirm: number;
}

/** Translates scores of 0 to 1 from one scale to another; never changes their order. */
export type ScoreScale = (score: number) => number;

/**
 * The line through 0, both thresholds and 1: what just passes in one scale just passes in the other.
 *
 * Scores outside 0 to 1 are brought to the nearer end.
 */
export function scaleBetween(from: ThresholdPair, to: ThresholdPair): ScoreScale {
  const points = [
    [0, 0],
    [from.confirm, to.confirm],
    [from.accept, to.accept],
    [1, 1],
  ] as const;
  return (score) => {
    const bounded = Math.min(1, Math.max(0, score));
    for (let i = 1; i < points.length; i++) {
      const [x0, y0] = points[i - 1] ?? points[0];
      const [x1, y1] = points[i] ?? points[0];
      if (bounded <= x1) return y0 + ((bounded - x0) / (x1 - x0)) * (y1 - y0);
    }
    return 1;
  };
}

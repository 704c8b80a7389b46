/** Summary of a sample, in the unit of its values. */
export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
  readonly standardDeviation: number;
}

const nothing: Summary = { count: 0, p50: 0, p95: 0, p99: 0, max: 0, mean: 0, standardDeviation: 0 };

/** Summarises values (any order; not changed). Percentiles are nearest-rank; an empty sample gives zeros. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) return nothing;
  const sorted = Float64Array.from(values).sort();
  let sum = 0;
  for (const value of sorted) sum += value;
  const mean = sum / sorted.length;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) ** 2;
  return {
    count: sorted.length,
    p50: rank(sorted, 0.5),
    p95: rank(sorted, 0.95),
    p99: rank(sorted, 0.99),
    max: rank(sorted, 1),
    mean,
    standardDeviation: Math.sqrt(squares / sorted.length),
  };
}

/** The smallest value that at least `share` of the sample does not exceed. */
function rank(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** The middle of a sample; 0 of none. */
export function median(values: readonly number[]): number {
  return summarize(values).p50;
}

/** Share of values above `limit`, 0 to 1. */
export function shareAbove(values: readonly number[], limit: number): number {
  if (values.length === 0) return 0;
  let above = 0;
  for (const value of values) if (value > limit) above++;
  return above / values.length;
}

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

/** Summarises values (any order; not changed). An empty sample gives zeros. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) return { count: 0, p50: 0, p95: 0, p99: 0, max: 0, mean: 0, standardDeviation: 0 };
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  let sum = 0;
  for (const value of sorted) sum += value;
  const mean = sum / sorted.length;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) ** 2;
  return {
    count: sorted.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: sorted[sorted.length - 1] ?? 0,
    mean,
    standardDeviation: Math.sqrt(squares / sorted.length),
  };
}

/** Share of values above `limit`, 0 to 1. */
export function shareAbove(values: readonly number[], limit: number): number {
  if (values.length === 0) return 0;
  let above = 0;
  for (const value of values) if (value > limit) above++;
  return above / values.length;
}

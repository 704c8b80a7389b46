/** A Prometheus histogram at one moment: how many observations were at most each bound (in seconds), and their sum. */
export interface HistogramReading {
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** Reads the series of one histogram that bear exactly the label `label="value"` besides `le`, from a metrics page. */
export function readHistogram(page: string, name: string, label: string, value: string): HistogramReading {
  const buckets: { upTo: number; count: number }[] = [];
  let sum = 0;
  let count = 0;
  for (const line of page.split('\n')) {
    const match = /^(\w+)\{([^}]*)\} (\S+)$/.exec(line);
    if (!match || !match[1]?.startsWith(name)) continue;
    const labels = new Map(
      [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((pair) => [pair[1], pair[2]]),
    );
    if (labels.get(label) !== value) continue;
    const sample = Number(match[3]);
    const le = labels.get('le');
    if (match[1] === `${name}_bucket` && le !== undefined)
      buckets.push({ upTo: le === '+Inf' ? Infinity : Number(le), count: sample });
    else if (match[1] === `${name}_sum`) sum = sample;
    else if (match[1] === `${name}_count`) count = sample;
  }
  return { buckets: buckets.sort((a, b) => a.upTo - b.upTo), sum, count };
}

/** What was observed between two readings of one histogram. */
export function histogramSince(before: HistogramReading, after: HistogramReading): HistogramReading {
  const earlier = new Map(before.buckets.map(({ upTo, count }) => [upTo, count]));
  return {
    buckets: after.buckets.map(({ upTo, count }) => ({ upTo, count: count - (earlier.get(upTo) ?? 0) })),
    sum: after.sum - before.sum,
    count: after.count - before.count,
  };
}

/** Mean of the observations in seconds; 0 of none. */
export function histogramMean({ sum, count }: HistogramReading): number {
  return count === 0 ? 0 : sum / count;
}

/**
 * A quantile in seconds, interpolated within its bucket as Prometheus' `histogram_quantile` does; 0 of no observations,
 * the last finite bound for what lies beyond it.
 */
export function histogramQuantile({ buckets, count }: HistogramReading, share: number): number {
  const wanted = share * count;
  let below = { upTo: 0, count: 0 };
  if (count === 0) return 0;
  for (const bucket of buckets) {
    if (bucket.count < wanted) {
      below = bucket;
      continue;
    }
    if (bucket.upTo === Infinity) return below.upTo;
    const within = (wanted - below.count) / (bucket.count - below.count || 1);
    return below.upTo + within * (bucket.upTo - below.upTo);
  }
  return below.upTo;
}

/** Share of observations above `bound` (in seconds), 0 to 1; exact where the histogram has a bucket of that bound. */
export function histogramShareAbove({ buckets, count }: HistogramReading, bound: number): number {
  if (count === 0) return 0;
  const within = buckets.filter(({ upTo }) => upTo <= bound).at(-1)?.count ?? 0;
  return 1 - within / count;
}

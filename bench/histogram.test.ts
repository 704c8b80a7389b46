import { describe, expect, test } from 'vitest';

import {
  histogramMean,
  histogramQuantile,
  histogramShareAbove,
  histogramSince,
  readHistogram,
  type HistogramReading,
} from './histogram.js';

const page = `# HELP turn_seconds Time.
# TYPE turn_seconds histogram
turn_seconds_bucket{le="0.01",stage="step"} 6
turn_seconds_bucket{le="0.02",stage="step"} 10
turn_seconds_bucket{le="+Inf",stage="step"} 10
turn_seconds_sum{stage="step"} 0.1
turn_seconds_count{stage="step"} 10
turn_seconds_bucket{le="0.01",stage="total"} 99
turn_seconds_sum{stage="total"} 99
turn_seconds_count{stage="total"} 99
turn_seconds_other_count{stage="step"} 77
`;

const step: HistogramReading = {
  buckets: [
    { upTo: 0.01, count: 6 },
    { upTo: 0.02, count: 10 },
    { upTo: Infinity, count: 10 },
  ],
  sum: 0.1,
  count: 10,
};
const empty: HistogramReading = { buckets: [], sum: 0, count: 0 };

describe('readHistogram', () => {
  test('takes the series of one label value and no others', () => {
    expect(readHistogram(page, 'turn_seconds', 'stage', 'step')).toEqual(step);
  });

  test('a series that is not there is empty', () => {
    expect(readHistogram(page, 'turn_seconds', 'stage', 'score')).toEqual(empty);
  });
});

test('histogramSince takes off what was counted before, bucket by bucket', () => {
  const later: HistogramReading = {
    buckets: [
      { upTo: 0.01, count: 7 },
      { upTo: 0.02, count: 13 },
      { upTo: Infinity, count: 14 },
    ],
    sum: 0.5,
    count: 14,
  };
  const since = histogramSince(step, later);
  expect(since.buckets.map(({ count }) => count)).toEqual([1, 3, 4]);
  expect(since.count).toBe(4);
  expect(since.sum).toBeCloseTo(0.4);
  expect(histogramSince(empty, step)).toEqual(step);
});

test('histogramMean is exact, and 0 of nothing', () => {
  expect(histogramMean(step)).toBeCloseTo(0.01);
  expect(histogramMean(empty)).toBe(0);
});

test.each([
  { share: 0.3, expected: 0.005 },
  { share: 0.6, expected: 0.01 },
  { share: 0.8, expected: 0.015 },
  { share: 1, expected: 0.02 },
])('quantile $share is interpolated in its bucket: $expected', ({ share, expected }) => {
  expect(histogramQuantile(step, share)).toBeCloseTo(expected);
});

test('a quantile beyond the last bound is that bound; one of nothing is 0', () => {
  const beyond: HistogramReading = {
    ...step,
    buckets: [
      { upTo: 0.01, count: 6 },
      { upTo: Infinity, count: 10 },
    ],
  };
  expect(histogramQuantile(beyond, 0.9)).toBe(0.01);
  expect(histogramQuantile(empty, 0.9)).toBe(0);
});

test.each([
  { bound: 0.01, expected: 0.4 },
  { bound: 0.015, expected: 0.4 },
  { bound: 0.02, expected: 0 },
  { bound: 0.001, expected: 1 },
])('share above $bound is $expected', ({ bound, expected }) => {
  expect(histogramShareAbove(step, bound)).toBeCloseTo(expected);
});

import { describe, expect, test } from 'vitest';

import { median, shareAbove, summarize } from './statistics.js';

describe('summarize', () => {
  test('percentiles are nearest-rank: values of the sample, whatever its order', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(summarize(values)).toMatchObject({ count: 100, p50: 50, p95: 95, p99: 99, max: 100, mean: 50.5 });
  });

  test('one value is every percentile and deviates from nothing', () => {
    expect(summarize([7])).toEqual({
      count: 1,
      p50: 7,
      p95: 7,
      p99: 7,
      max: 7,
      mean: 7,
      standardDeviation: 0,
    });
  });

  test('the standard deviation is the population one', () => {
    expect(summarize([2, 4, 4, 4, 5, 5, 7, 9]).standardDeviation).toBe(2);
  });

  test('an empty sample gives zeros, not NaN', () => {
    expect(Object.values(summarize([]))).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test('the sample is not changed', () => {
    const values = [3, 1, 2];
    summarize(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

test.each([
  { values: [], expected: 0 },
  { values: [5], expected: 5 },
  { values: [9, 1, 5], expected: 5 },
  { values: [4, 3, 2, 1], expected: 2 },
])('median of $values is $expected', ({ values, expected }) => {
  expect(median(values)).toBe(expected);
});

test.each([
  { values: [], limit: 30, expected: 0 },
  { values: [20, 30, 31, 60], limit: 30, expected: 0.5 },
  { values: [20, 30], limit: 30, expected: 0 },
])(
  'share of $values above $limit is $expected: the limit itself is not above',
  ({ values, limit, expected }) => {
    expect(shareAbove(values, limit)).toBe(expected);
  },
);

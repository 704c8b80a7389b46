import { describe, expect, it } from 'vitest';
import { backgroundCosine, dot, normalizeAll } from './vectors.js';

const of = (...values: number[]): Float32Array => Float32Array.from(values);

describe('normalizeAll', () => {
  it('brings vectors to length 1', () => {
    const [vector] = normalizeAll('x', [of(3, 4)], 1);
    expect(vector?.[0]).toBeCloseTo(0.6);
    expect(vector?.[1]).toBeCloseTo(0.8);
  });

  it.each<[string, Float32Array[], number]>([
    ['2 vectors for 1 texts', [of(1), of(1)], 1],
    ['0 vectors for 1 texts', [], 1],
    ['not finite', [of(1, Number.NaN)], 1],
    ['not finite', [of(1, Infinity)], 1],
    ['zeros', [of(0, 0)], 1],
    ['a vector of 0 dimensions', [of()], 1],
    ['2 and 1 dimensions', [of(1, 1), of(1)], 2],
    ['a vector of 8193 dimensions', [new Float32Array(8_193).fill(1)], 1],
  ])('refuses what has %s', (message, vectors, texts) => {
    expect(() => normalizeAll('x', vectors, texts)).toThrow(message);
  });
});

describe('backgroundCosine', () => {
  it('is the mean cosine of pairs of different groups', () => {
    const groups = [[of(1, 0), of(0.6, 0.8)], [of(0.8, 0.6)], [of(0.96, 0.28), of(0.28, 0.96)]];
    let sum = 0;
    let pairs = 0;
    for (const [i, group] of groups.entries())
      for (const other of groups.slice(i + 1))
        for (const a of group)
          for (const b of other) {
            sum += dot(a, b);
            pairs++;
          }
    expect(pairs).toBe(8);
    expect(backgroundCosine(groups)).toBeCloseTo(sum / pairs, 6);
  });

  it.each<[string, Float32Array[][], number]>([
    ['no groups', [], 0],
    ['empty groups', [[], []], 0],
    ['one group', [[of(1, 0), of(0, 1)]], 0],
    ['opposites', [[of(1, 0)], [of(-1, 0)]], 0],
    ['the same everywhere', [[of(1, 0)], [of(1, 0)]], 0.95],
  ])('of %s stays in its range', (_what, groups, background) => {
    expect(backgroundCosine(groups)).toBeCloseTo(background, 6);
  });
});

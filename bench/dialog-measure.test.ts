import { describe, expect, test } from 'vitest';

import { auroc, rank, type Answer } from './dialog-measure.js';

describe('auroc', () => {
  test.each([
    { above: [0.9, 0.8], below: [0.1, 0.2], expected: 1 },
    { above: [0.1], below: [0.9], expected: 0 },
    { above: [0.5, 0.5], below: [0.5], expected: 0.5 },
    { above: [0.9, 0.3], below: [0.5], expected: 0.5 },
    { above: [0.9, 0.5], below: [0.5, 0.1], expected: 0.875 },
  ])('$above against $below is $expected: ties count half', ({ above, below, expected }) => {
    expect(auroc(above, below)).toBe(expected);
  });
});

function answer(intent: string | null, branchId: string, score: number): Answer {
  return { query: { text: '', intent }, scores: [{ branchId, score }] };
}

describe('rank', () => {
  test('counts right branches among own utterances alone', () => {
    const ranking = rank([answer('a', 'a', 0.9), answer('b', 'a', 0.8), answer(null, 'a', 0.1)]);
    expect(ranking).toEqual({ accuracy: 0.5, auroc: 1, rejectedAtLoss: 1 });
  });

  test('says nothing of separation where nothing foreign was asked', () => {
    expect(rank([answer('a', 'a', 0.9)])).toEqual({ accuracy: 1, auroc: null, rejectedAtLoss: null });
  });

  test('gives up 5 % of the own utterances to reject foreign ones', () => {
    const own = Array.from({ length: 100 }, (_, i) => answer('a', 'a', i / 100));
    expect(rank([...own, answer(null, 'a', 0.04), answer(null, 'a', 0.06)]).rejectedAtLoss).toBe(0.5);
  });
});

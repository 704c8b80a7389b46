import { describe, expect, test } from 'vitest';

import { SeededRandom } from '../config/random.js';
import { auroc, measureMatcher, type Intents } from './dialog-matcher.js';

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

/** Intents that share no letter group: `aaa0 aaa1 …`. */
function separateIntents(): Intents {
  const words = ['apple', 'brick', 'cloud', 'dwarf'];
  return new Map(
    words.map((word) => [word, Array.from({ length: 12 }, (_, i) => `${word} ${word.repeat(1 + (i % 3))}`)]),
  );
}

test('branches that have nothing in common are told apart, foreign utterances are not taken', () => {
  const result = measureMatcher(separateIntents(), 2, 3, new SeededRandom(1));
  expect(result).toMatchObject({ accuracy: 1, auroc: 1, right: 1, wrong: 0, foreign: 0 });
});

test('the same seed draws the same task', () => {
  const once = measureMatcher(separateIntents(), 3, 2, new SeededRandom(7));
  const again = measureMatcher(separateIntents(), 3, 2, new SeededRandom(7));
  expect({ ...once, fitMs: 0, matchUs: 0 }).toEqual({ ...again, fitMs: 0, matchUs: 0 });
});

import { describe, expect, it } from 'vitest';
import type { ScoredBranch } from './scoring.js';
import { globalHandicap } from './tree.js';
import { judge } from './zones.js';

const thresholds = { accept: 0.4, confirm: 0.25, source: 'node' } as const;

function scores(given: Record<string, number>): ScoredBranch[] {
  return Object.entries(given).map(([branchId, score]) => ({ branchId, score }));
}

describe('judge', () => {
  it.each<[string, Record<string, number>, string, string | null]>([
    ['accepts at the accept threshold', { a: 0.4, b: 0.1 }, 'accept', 'a'],
    ['asks below it', { a: 0.39, b: 0.1 }, 'confirm', 'a'],
    ['asks at the confirm threshold', { a: 0.25 }, 'confirm', 'a'],
    ['rejects below it', { a: 0.24 }, 'reject', 'a'],
    ['rejects without scores', {}, 'reject', null],
    ['finds the best in any order', { b: 0.1, a: 0.9 }, 'accept', 'a'],
    ['offers both when the runner-up is close', { a: 0.8, b: 0.78 }, 'choose', 'a'],
    ['accepts when it is not', { a: 0.8, b: 0.75 }, 'accept', 'a'],
    ['offers both in the middle zone at a wider margin', { a: 0.35, b: 0.29 }, 'choose', 'a'],
    ['asks about one there when the runner-up is far', { a: 0.35, b: 0.26 }, 'confirm', 'a'],
    ['rejects below both, however close they are', { a: 0.24, b: 0.23 }, 'reject', 'a'],
    [
      'holds a global to a higher threshold',
      { 'global:g': 0.4 + globalHandicap - 0.01 },
      'confirm',
      'global:g',
    ],
    ['accepts a global above that', { 'global:g': 0.4 + globalHandicap + 0.001 }, 'accept', 'global:g'],
    ['prefers a sibling to an equal global', { a: 0.5, 'global:g': 0.5 }, 'accept', 'a'],
    ['offers a slightly better global as well', { a: 0.5, 'global:g': 0.53 }, 'choose', 'a'],
    ['takes a clearly better global', { a: 0.5, 'global:g': 0.7 }, 'accept', 'global:g'],
    ['counts what is no number as 0', { a: Number.NaN, b: 0.3 }, 'confirm', 'b'],
    ['counts infinity as 0', { a: Infinity }, 'reject', 'a'],
  ])('%s', (_rule, given, zone, branchId) => {
    expect(judge(scores(given), thresholds)).toMatchObject({ zone, branchId });
  });

  it('does not ask between branches with the same outcome', () => {
    expect(judge(scores({ a: 0.8, b: 0.8 }), thresholds, () => true).zone).toBe('accept');
  });

  it.each<[string, Record<string, number>, string[]]>([
    ['best first, in whatever order they come', { b: 0.78, a: 0.8 }, ['a', 'b']],
    ['three at most', { a: 0.8, b: 0.79, c: 0.79, d: 0.78 }, ['a', 'b', 'c']],
    ['none that is far behind', { a: 0.8, b: 0.79, c: 0.7 }, ['a', 'b']],
    ['nothing unless there is a choice', { a: 0.8, b: 0.1 }, []],
    ['nothing when rejecting', { a: 0.1, b: 0.1 }, []],
  ])('offers %s', (_rule, given, options) => {
    expect(judge(scores(given), thresholds).options).toEqual(options);
  });

  it('offers one of several branches with the same outcome', () => {
    const same = (id: string, otherId: string) => id !== 'c' && otherId !== 'c';
    expect(judge(scores({ a: 0.8, b: 0.8, c: 0.79 }), thresholds, same).options).toEqual(['a', 'c']);
  });

  it('says what a score had to reach', () => {
    expect(judge(scores({ a: 0.9 }), thresholds).threshold).toBe(0.4);
    expect(judge(scores({ a: 0.1 }), thresholds).threshold).toBe(0.25);
    expect(judge(scores({ 'global:g': 0.9 }), thresholds).threshold).toBeCloseTo(0.4 + globalHandicap);
  });
});

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
    ['asks when the runner-up is close', { a: 0.8, b: 0.78 }, 'confirm', 'a'],
    ['accepts when it is not', { a: 0.8, b: 0.76 }, 'accept', 'a'],
    [
      'holds a global to a higher threshold',
      { 'global:g': 0.4 + globalHandicap - 0.01 },
      'confirm',
      'global:g',
    ],
    ['accepts a global above that', { 'global:g': 0.4 + globalHandicap + 0.001 }, 'accept', 'global:g'],
    ['prefers a sibling to a slightly better global', { a: 0.5, 'global:g': 0.51 }, 'accept', 'a'],
    ['takes a clearly better global', { a: 0.5, 'global:g': 0.7 }, 'accept', 'global:g'],
    ['counts what is no number as 0', { a: Number.NaN, b: 0.3 }, 'confirm', 'b'],
    ['counts infinity as 0', { a: Infinity }, 'reject', 'a'],
  ])('%s', (_rule, given, zone, branchId) => {
    expect(judge(scores(given), thresholds)).toMatchObject({ zone, branchId });
  });

  it('does not ask between branches with the same outcome', () => {
    expect(judge(scores({ a: 0.8, b: 0.8 }), thresholds, () => true).zone).toBe('accept');
  });

  it('says what a score had to reach', () => {
    expect(judge(scores({ a: 0.9 }), thresholds).threshold).toBe(0.4);
    expect(judge(scores({ a: 0.1 }), thresholds).threshold).toBe(0.25);
    expect(judge(scores({ 'global:g': 0.9 }), thresholds).threshold).toBeCloseTo(0.4 + globalHandicap);
  });
});

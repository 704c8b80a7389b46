import { describe, expect, test } from 'vitest';

import { editDistance, nearestName, suggestName } from './nearest.js';

describe('editDistance counts insertions, deletions, replacements and swaps of neighbours', () => {
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['port', 'port', 0],
    ['prot', 'port', 1],
    ['por', 'port', 1],
    ['portt', 'port', 1],
    ['pork', 'port', 1],
    ['kitten', 'sitting', 3],
  ])('%s -> %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('nearestName', () => {
  const known = ['port', 'address', 'maxCalls', 'sessionExpiresSeconds'];

  test.each([
    ['prot', 'port'],
    ['Port', 'port'],
    ['max-calls', 'maxCalls'],
    ['max_call', 'maxCalls'],
    ['sessionExpireSecond', 'sessionExpiresSeconds'],
    ['voice', null],
    ['', null],
  ])('%s means %s', (name, expected) => {
    expect(nearestName(name, known)).toBe(expected);
  });

  test('an endless name is cut before it is compared', () => {
    expect(nearestName('x'.repeat(1_000_000), known)).toBeNull();
  });
});

test('suggestName lists the known names when none is near and they are few', () => {
  expect(suggestName('voice', ['a1', 'b2'])).toBe('use one of: a1, b2');
  expect(suggestName('prot', ['port'])).toBe('did you mean "port"?');
  expect(suggestName('voice', [])).toBe('remove it');
});

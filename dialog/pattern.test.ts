import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { compilePattern, type Pattern } from './pattern.js';

function compiled(source: string, ignoreCase = false): Pattern {
  const result = compilePattern(source, { ignoreCase });
  if (!result.ok) throw new Error(result.message);
  return result.pattern;
}

describe('compilePattern', () => {
  it.each<[string, string, boolean]>([
    ['abc', 'xabcx', true],
    ['^abc$', 'abc', true],
    ['^abc$', 'abcd', false],
    ['a.c', 'a\nc', false],
    ['[a-c]+x', 'abcx', true],
    ['[^a-c]', 'abc', false],
    ['[]a]', ']', true],
    ['[a-]', '-', true],
    ['\\d{3}-\\d{4}', 'call 555-1234', true],
    ['\\d{3}-\\d{4}$', 'call 555-123', false],
    ['\\bcat\\b', 'a cat sat', true],
    ['\\bcat\\b', 'concatenate', false],
    ['\\p{Han}{2}', '查账单', true],
    ['\\P{Han}', '查账单', false],
    ['[\\p{Han}\\d]+$', '第3个', true],
    ['(ab|cd)+', 'xcdabx', true],
    ['^(?:ab|cd)*$', '', true],
    ['a{2,3}b', 'aab', true],
    ['^a{2,3}$', 'aaaa', false],
    ['\\(\\)', 'f()', true],
    ['😀+', 'hm 😀😀', true],
    ['^.$', '😀', true],
  ])('%s in %s: %s', (source, text, expected) => {
    expect(compiled(source).test(text)).toBe(expected);
  });

  it('finds the leftmost matches, each as long as possible, in UTF-16 units', () => {
    expect(compiled('\\d+').find('a12b345')).toEqual([
      { start: 1, end: 3 },
      { start: 4, end: 7 },
    ]);
    expect(compiled('a|ab').find('xab')).toEqual([{ start: 1, end: 3 }]);
    expect(compiled('b').find('😀b')).toEqual([{ start: 2, end: 3 }]);
    expect(compiled('a*').find('baab')).toEqual([{ start: 1, end: 3 }]);
  });

  it('folds case on request', () => {
    expect(compiled('sku-[a-z]\\d', true).test('SKU-B7')).toBe(true);
    expect(compiled('sku', false).test('SKU')).toBe(false);
  });

  it('matches all of a text or not', () => {
    expect(compiled('\\d+').matchesWhole('123')).toBe(true);
    expect(compiled('\\d+').matchesWhole('123a')).toBe(false);
  });

  it.each([
    ['(a', '"(" is not closed'],
    ['a)', '")" closes nothing'],
    ['*a', '"*" repeats nothing'],
    ['a**', 'a repetition of a repetition'],
    ['a+?', 'there is no lazy repetition'],
    ['(?=a)', 'look-around and names of groups are not known'],
    ['(a)\\1', 'back-references are not known'],
    ['[b-a]', 'the range b-a is empty'],
    ['[ab', 'the pattern ends too early'],
    ['a{2', '"{" without numbers'],
    ['a{9,2}', 'a repetition goes up to 200, the smaller number first'],
    ['\\p{Klingon}', 'an unknown \\p{…}'],
    ['\\q', '"\\q" is not known'],
    ['((a{100}){100}){100}', 'the pattern is too large when its repetitions are written out'],
    ['('.repeat(100), 'groups are nested too deep'],
    ['a'.repeat(501), 'the pattern is longer than 500 characters'],
  ])('refuses %s', (source, message) => {
    expect(compilePattern(source)).toMatchObject({ ok: false, message });
  });

  it.each(['^(a+)+$', '(a|a)*b', '(a|aa)+$', '(.*)*x', '([a-z]+)*\\d'])(
    'visits each state once a character for %s',
    (source) => {
      const pattern = compiled(source);
      const text = 'a'.repeat(dialogLimits.utteranceCharacters - 1) + '!';
      expect(pattern.test(text)).toBe(false);
    },
  );

  it('agrees with RegExp on random patterns and texts', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '(a|b)', '(ab)', '(a|)', 'c');
    const part = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{1,2}')).map(([a, b]) => a + b);
    const pattern = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
    const anchored = fc
      .tuple(fc.boolean(), pattern, fc.boolean())
      .map(([a, p, b]) => (a ? '^' : '') + p + (b ? '$' : ''));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1'), maxLength: 10 });
    fc.assert(
      fc.property(anchored, text, (source, input) => {
        expect(compiled(source).test(input)).toBe(new RegExp(source, 'u').test(input));
        expect(compiled(source).matchesWhole(input)).toBe(new RegExp(`^(?:${source})$`, 'u').test(input));
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});

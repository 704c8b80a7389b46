import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { compilePattern, type Pattern } from './pattern.js';
import { PatternMachine } from './pattern-machine.js';
import { parsePattern } from './pattern-parser.js';
import { programOf } from './pattern-program.js';

function machineOf(source: string, text: string) {
  const program = programOf(parsePattern(source));
  const machine = new PatternMachine(program, [...text], false);
  return { machine, mostVisits: program.size * (text.length + 1) };
}

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
    ['', '', true],
    ['^$', '', true],
    ['^$', 'a', false],
    ['(|a)b', 'b', true],
    ['()*a', 'a', true],
    ['(a*)*b', 'aab', true],
    ['(a*)+$', 'b', true],
    ['(^a|b$)', 'cb', true],
    ['(^a|b$)', 'cab', true],
    ['a|b|cd', 'xcdx', true],
    ['^(a|b|cd)$', 'c', false],
    ['a{0}b', 'b', true],
    ['^a{0}$', 'a', false],
    ['^(ab){2}$', 'abab', true],
    ['^(ab){2}$', 'ab', false],
    ['^a{2,}$', 'aaaaa', true],
    ['^a{2,}$', 'a', false],
    ['^.$', '\r', false],
    ['^.$', '\u2028', false],
    ['[\\n]', '\n', true],
    ['[^\\d\\s]', '1 2', false],
    ['[\\]]', ']', true],
    ['[a\\-z]', 'm', false],
    ['[a\\-z]', '-', true],
    ['^[一-龥]+$', '查账单', true],
    ['\\w', '账', true],
    ['\\W', '，', true],
    ['\\s', '\u3000', true],
    ['\\d', '１', false],
    ['\\p{N}', '１', true],
    ['\\p{Script=Han}', '账', true],
    ['\\p{Lu}', 'a', false],
    ['\\p{P}', '，', true],
    ['\\bVIP\\b', '我是VIP用户', true],
    ['\\bVIP\\b', '我是VIPS用户', false],
    ['\\b', '账单', false],
    ['尾号\\d{4}(的)?卡', '我要查尾号1234的卡', true],
    ['^1[3-9]\\d{9}$', '13812345678', true],
    ['^1[3-9]\\d{9}$', '12812345678', false],
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
    expect(compiled('^a|b$').find('aab')).toEqual([
      { start: 0, end: 1 },
      { start: 2, end: 3 },
    ]);
    expect(compiled('^').find('a')).toEqual([]);
    expect(compiled('a').find('')).toEqual([]);
  });

  it('finds at most so many places', () => {
    expect(compiled('a').find('a'.repeat(500))).toHaveLength(dialogLimits.patternMatches);
  });

  it('folds case on request', () => {
    expect(compiled('sku-[a-z]\\d', true).test('SKU-B7')).toBe(true);
    expect(compiled('sku', false).test('SKU')).toBe(false);
    expect(compiled('^[^a]$', true).test('A')).toBe(false);
    expect(compiled('[A-Z]', true).test('k')).toBe(true);
    expect(compiled('É', true).test('é')).toBe(true);
    expect(compiled('S', true).test('ß')).toBe(false);
  });

  it('matches nothing in a text that is longer than a text can be', () => {
    const longest = 'a'.repeat(dialogLimits.textCharacters);
    const pattern = compiled('^a*$');
    expect([pattern.test(longest), pattern.matchesWhole(longest), pattern.find(longest).length]).toEqual([
      true,
      true,
      1,
    ]);
    const longer = `${longest}a`;
    expect([pattern.test(longer), pattern.matchesWhole(longer), pattern.find(longer).length]).toEqual([
      false,
      false,
      0,
    ]);
  });

  it('matches all of a text or not', () => {
    expect(compiled('\\d+').matchesWhole('123')).toBe(true);
    expect(compiled('\\d+').matchesWhole('123a')).toBe(false);
  });

  it.each<[string, string, number]>([
    ['b(a', '"(" is not closed', 1],
    ['(', '"(" is not closed', 0],
    ['a)', '")" closes nothing', 1],
    ['*a', '"*" repeats nothing', 0],
    ['a|+', '"+" repeats nothing', 2],
    ['(?)', 'look-around, names and flags of groups are not known', 0],
    ['a**', 'a repetition of a repetition', 2],
    ['a{2}{3}', 'a repetition of a repetition', 4],
    ['a+?', 'there is no lazy repetition', 2],
    ['x(?=a)', 'look-around, names and flags of groups are not known', 1],
    ['(?!a)', 'look-around, names and flags of groups are not known', 0],
    ['(?<=a)b', 'look-around, names and flags of groups are not known', 0],
    ['(?<n>a)', 'look-around, names and flags of groups are not known', 0],
    ['(?i)a', 'look-around, names and flags of groups are not known', 0],
    ['(a)\\1', 'back-references are not known', 3],
    ['(a)\\k<n>', 'back-references are not known', 3],
    ['x[b-a]', 'the range b-a is empty', 2],
    ['[a-\\d]', 'a class cannot end a range', 1],
    ['x[ab', '"[" is not closed', 1],
    ['[', '"[" is not closed', 0],
    ['[\\', 'the pattern ends too early', 2],
    ['a\\', 'the pattern ends too early', 2],
    ['a{2', '"{" without numbers', 1],
    ['a{x}', '"{" without numbers', 1],
    ['a{9,2}', 'a repetition goes up to 200, the smaller number first', 1],
    ['a{201}', 'a repetition goes up to 200, the smaller number first', 1],
    ['\\p{Klingon}', 'an unknown \\p{…}', 0],
    ['\\p', 'an unknown \\p{…}', 0],
    ['\\p{constructor}', 'an unknown \\p{…}', 0],
    ['a\\q', '"\\q" is not known', 1],
    ['\\0', '"\\0" is not known', 0],
    ['😀(', '"(" is not closed', 2],
    ['((a{100}){100}){100}', 'the pattern is too large when its repetitions are written out', 0],
    ['(a{0,200}){200}', 'the pattern is too large when its repetitions are written out', 0],
    ['('.repeat(100), 'groups are nested too deep', 33],
    ['a'.repeat(501), 'the pattern is longer than 500 characters', 0],
    ['('.repeat(1_000_000), 'the pattern is longer than 500 characters', 0],
  ])('refuses %s', (source, message, offset) => {
    expect(compilePattern(source)).toMatchObject({ ok: false, message, offset });
  });

  it('repeats nothing no times, however often it says so', () => {
    const source = `${'('.repeat(30)}${'){200}'.repeat(30)}`;
    expect(compiled(`^${source}$`).test('')).toBe(true);
  });

  it.each(['^(a+)+$', '(a|a)*b', '(a|aa)+$', '(.*)*x', '([a-z]+)*\\d', '(a*)*b', '(a?){200}(a?){200}b'])(
    'visits each instruction once a character for %s',
    (source) => {
      const text = 'a'.repeat(dialogLimits.utteranceCharacters - 1) + '!';
      const { machine, mostVisits } = machineOf(source, text);
      expect(machine.matchesSomewhere()).toBe(false);
      expect(machine.visits).toBeLessThanOrEqual(mostVisits);
      const whole = machineOf(source, text).machine;
      expect(whole.matchesWhole()).toBe(false);
      expect(whole.visits).toBeLessThanOrEqual(mostVisits);
    },
  );

  it('looks at no character for two matches, so that many places cost no more than one', () => {
    const text = 'a'.repeat(dialogLimits.textCharacters);
    const { machine, mostVisits } = machineOf('a(((.*){100}){6}b)?', text);
    expect(machine.find(dialogLimits.patternMatches)).toHaveLength(dialogLimits.patternMatches);
    expect(machine.visits).toBeLessThanOrEqual(2 * mostVisits);
  });

  const atom = fc.constantFrom(
    ...[
      'a',
      'b',
      'c',
      '.',
      '[ab]',
      '[^a]',
      '\\d',
      '\\w',
      '\\W',
      '\\s',
      '(a|b)',
      '(ab)',
      '(a|)',
      '(a*)',
      '(b|a+)',
      '()',
    ],
  );
  const part = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '{1,}'))
        .map(([a, b]) => a + b),
    },
    { weight: 1, arbitrary: fc.constantFrom('^', '$', '\\b') },
  );
  const sequence = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
  const anySource = fc.oneof(
    sequence,
    fc.tuple(sequence, sequence).map(([a, b]) => `${a}|${b}`),
    fc.tuple(sequence, sequence, sequence).map(([a, b, c]) => `${a}(${b}|${c})*`),
  );
  const anyText = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' '), maxLength: 10 });

  it('agrees with RegExp on whether random patterns match', () => {
    fc.assert(
      fc.property(anySource, anyText, (source, text) => {
        expect(compiled(source).test(text)).toBe(new RegExp(source, 'u').test(text));
        expect(compiled(source).matchesWhole(text)).toBe(new RegExp(`^(?:${source})$`, 'u').test(text));
        expect(compiled(source, true).test(text.toUpperCase())).toBe(
          new RegExp(source, 'iu').test(text.toUpperCase()),
        );
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });

  it('finds the places that RegExp gives when it is asked for each place in turn', () => {
    fc.assert(
      fc.property(anySource, anyText, (source, text) => {
        expect(compiled(source).find(text)).toEqual(longestMatches(source, text));
      }),
      { numRuns: 1_000, seed: 2 },
    );
  });

  it('never throws for anything that can be typed', () => {
    const piece = fc.constantFrom(...'ab01()[]{}|*+?.^$\\-,:=!<>pPdwsbk', '\\p{Han}', '账', '😀', '\ud83d');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.string({ unit: 'grapheme' }), (pieces, text) => {
        const result = compilePattern(pieces.join(''));
        if (!result.ok) expect(result.fix).not.toBe('');
        else expect(result.pattern.find(text).every(({ start, end }) => start < end)).toBe(true);
      }),
      { numRuns: 2_000, seed: 3 },
    );
  });
});

/** Tries every place and every length, so slow and so simple that it can be believed. */
function longestMatches(source: string, text: string): { start: number; end: number }[] {
  const matches = [];
  for (let start = 0; start < text.length;) {
    let end = text.length;
    while (end > start && !matchesBetween(source, text, start, end)) end--;
    if (end > start) matches.push({ start, end });
    start = Math.max(end, start + 1);
  }
  return matches;
}

function matchesBetween(source: string, text: string, start: number, end: number): boolean {
  return new RegExp(`(?<=^[^]{${start}})(?:${source})(?=[^]{${text.length - end}}$)`, 'u').test(text);
}

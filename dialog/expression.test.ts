import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, type Expression } from './expression.js';
import type { ExpressionType } from './expression-types.js';
import type { Value } from './value.js';

const values = JSON.parse(
  '{"n": 7, "half": 0.5, "s": "Abc", "zh": "账单", "yes": true, "no": false, "nothing": null,' +
    '"list": [3, 1, 2], "words": ["a", "b"], "bill": {"amount": 42, "lines": [{"id": "x"}]},' +
    '"hostile": {"__proto__": {"polluted": 1}, "constructor": "own"}}',
) as Record<string, Value>;

const scope = {
  lookup: (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined),
  nowMs: Date.UTC(2026, 10, 20, 18, 30),
  timeZone: 'Asia/Shanghai',
  language: 'zh-CN',
};

function compiled(source: string): Expression {
  const result = compileExpression(source);
  if (!result.ok) throw new Error(`${source}: ${result.message}`);
  return result.expression;
}

const rows: [string, Value][] = [
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['7 - 2 - 1', 4],
  ['8 / 4 / 2', 1],
  ['7 % 4', 3],
  ['-n + 1', -6],
  ['2 - -1', 3],
  ['-2 * -3', 6],
  ['1 < 2', true],
  ['2 <= 2', true],
  ['3 > n', false],
  ["'a' < 'b'", true],
  ["'账' == '账'", true],
  ['n == 7 and s == "Abc"', true],
  ['n == 8 or yes', true],
  ['no && missing.deeper.still > 3', false],
  ['yes || 1 / 0 > 1', true],
  ['not no', true],
  ['!yes', false],
  ['not n == 8', true],
  ['not yes or yes', true],
  ['1 + 1 == 2 and 2 + 2 == 4', true],
  ['true ? 1 : false ? 2 : 3', 1],
  ['false ? 1 : false ? 2 : 3', 3],
  ['n > 5 ? "many" : "few"', 'many'],
  ['missing ?? "none"', 'none'],
  ['nothing ?? missing ?? 3', 3],
  ['0 ?? 3', 0],
  ['missing', null],
  ['missing == null', true],
  ['bill.amount', 42],
  ['bill["amount"]', 42],
  ['bill.lines[0].id', 'x'],
  ['bill.lines[9].id', null],
  ['list[-1]', 2],
  ['list[0] + list[1]', 4],
  ['s + "!"', 'Abc!'],
  ['"n=" + n', 'n=7'],
  ['3 in list', true],
  ['9 in list', false],
  ['"b" in s', true],
  ['list contains 1', true],
  ['zh contains "单"', true],
  ['"amount" in bill', true],
  ['1 in missing', false],
  ['[1, n, s]', [1, 7, 'Abc']],
  ['[]', []],
  ['lower(s)', 'abc'],
  ['upper(s)', 'ABC'],
  ['trim("  x ")', 'x'],
  ['length(zh)', 2],
  ['length(list)', 3],
  ['length("😀")', 1],
  ['substring("abcdef", 1, 3)', 'bc'],
  ['substring("abcdef", 4)', 'ef'],
  ['last("13812345678", 4)', '5678'],
  ['round(2.5)', 3],
  ['round(-2.5)', -3],
  ['round(1.005, 2)', 1.01],
  ['round(42, 2)', 42],
  ['floor(2.7)', 2],
  ['ceil(2.1)', 3],
  ['abs(-3)', 3],
  ['min(3, 1, 2)', 1],
  ['max(3, 1, 2)', 3],
  ['number("12.5")', 12.5],
  ['number(3)', 3],
  ['text(3)', '3'],
  ['text(null)', ''],
  ['text(yes)', 'true'],
  ['join(words)', 'a, b'],
  ['join(words, "-")', 'a-b'],
  ['split("a,b", ",")', ['a', 'b']],
  ['starts_with(s, "A")', true],
  ['ends_with(s, "x")', false],
  ['replace("a.b.c", ".", "")', 'abc'],
  ['is_empty("")', true],
  ['is_empty(missing)', true],
  ['is_empty(list)', false],
  ['default("", "x")', 'x'],
  ['default(s, "x")', 'Abc'],
  ['keys(bill)', ['amount', 'lines']],
  ['first(list)', 3],
  ['first([])', null],
  ['count(list)', 3],
  ['sum(list)', 6],
  ['matches(s, "^A.c$")', true],
  ['matches("13812345678", "^1[3-9]\\\\d{9}$")', true],
  ['matches(missing, "x")', false],
  ['today()', '2026-11-21'],
  ['now()', '2026-11-21T02:30'],
  ['hour()', 2],
  ['weekday()', 6],
  ['weekday("2026-11-20")', 5],
  ['weekday("1969-12-29")', 1],
  ['days_between("2026-11-20", "2026-12-03")', 13],
  ['add_days("2024-02-28", 1)', '2024-02-29'],
  ['add_days(today(), -21)', '2026-10-31'],
];

describe('compileExpression', () => {
  it.each(rows)('%s', (source, expected) => {
    expect(compiled(source).evaluate(scope)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ['n + missing', 'expected a number, not nothing'],
    ['n * s', 'expected a number, not "Abc"'],
    ['1 / 0', 'division by zero'],
    ['1 % 0', 'division by zero'],
    ['n < s', 'cannot compare 7 with "Abc"'],
    ['missing > 3', 'cannot compare nothing with 3'],
    ['s and yes', 'expected true or false, not "Abc"'],
    ['not list', 'expected true or false, not a list'],
    ['lower(n)', 'expected a text, not 7'],
    ['number("12a")', '"12a" is not a number'],
    ['days_between("2026-02-30", "2026-03-01")', 'expected a date like 2026-11-20, not "2026-02-30"'],
    ['s + list', 'cannot join "Abc" and a list'],
    ['1' + '0'.repeat(300) + ' * 1' + '0'.repeat(300), 'the number is too large'],
    ['sum(words)', 'expected a number, not "a"'],
    ['n contains 7', '7 contains nothing'],
  ])('%s fails: %s', (source, message) => {
    expect(compiled(source).evaluate(scope)).toEqual({ ok: false, message });
  });

  it.each<[string, string, number]>([
    ['', 'the expression ends too early', 0],
    ['1 +', 'the expression ends too early', 3],
    ['a = 1', '"=" does not compare', 2],
    ['1 2', '"2" does not belong here', 2],
    ["'abc", 'a text is not closed', 0],
    ["'\\q'", 'an unknown escape in a text', 1],
    ['a.', 'the expression ends too early', 2],
    ['a[1', '"]" is missing', 3],
    ['(1', '")" is missing', 2],
    ['a ? 1', '":" is missing', 5],
    ['a # b', '"#" has no meaning here', 2],
    ['round()', 'round takes 1 to 2 operands, not 0', 0],
    ['lower(s, s)', 'lower takes 1 operand, not 2', 0],
    ['rond(1)', 'there is no function "rond"', 0],
    ['constructor("x")', 'there is no function "constructor"', 0],
    ['matches(s, s)', 'matches takes a text and a pattern in quotes', 0],
    ['matches(s, "(")', '"(" is not closed', 11],
    ['('.repeat(20_000), 'the expression is longer than 2048 characters', 0],
    ['('.repeat(100) + '1' + ')'.repeat(100), 'the expression is nested too deep', 64],
    ['!'.repeat(2_000) + 'a', 'the expression is nested too deep', 64],
    ['a' + '.b'.repeat(500), 'too many members in a row', 131],
  ])('refuses %s', (source, message, offset) => {
    expect(compileExpression(source)).toMatchObject({ ok: false, message, offset });
  });

  it('offers the function that was meant', () => {
    expect(compileExpression('rond(1)')).toMatchObject({ fix: 'Write "round"' });
  });

  it.each([
    'hostile.constructor.constructor',
    'hostile["__proto__"].polluted.x',
    's.constructor',
    's["length"]',
    'list.constructor',
    'list["map"]',
    'bill.toString',
    'bill["hasOwnProperty"]',
    'n.toFixed',
    'constructor',
    'toString',
    'hasOwnProperty',
  ])('%s reaches nothing that is inherited', (source) => {
    expect(compiled(source).evaluate(scope)).toEqual({ ok: true, value: null });
  });

  it('knows the paths it reads', () => {
    expect(compiled('bill.amount > n and bill.lines[n].id == s').names).toEqual([
      'bill.amount',
      'n',
      'bill.lines',
      's',
    ]);
  });

  it('bounds the steps, the texts and the lists of one evaluation', () => {
    const long = 'x'.repeat(9_000);
    const withLong = { ...scope, lookup: () => long };
    expect(compiled('a + a').evaluate(withLong)).toMatchObject({ ok: false });
    expect(compiled('replace(a, "x", a)').evaluate(withLong)).toMatchObject({ ok: false });
    expect(compiled('count(split(a, ""))').evaluate(withLong)).toEqual({ ok: true, value: 1_000 });
  });

  it('never throws for anything that can be typed', () => {
    const piece = fc.constantFrom(
      ...[
        'n',
        's',
        'list',
        'bill',
        '.',
        '[',
        ']',
        '(',
        ')',
        '+',
        '-',
        '*',
        '/',
        '==',
        '<',
        'and',
        'not',
        '?',
        ':',
      ],
      ...['1', '"x"', 'round', 'matches', ',', 'in', '__proto__', 'constructor', '??', ' ', '\u{1f600}', "'"],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const result = compileExpression(pieces.join(' '));
        if (result.ok) expect(typeof result.expression.evaluate(scope).ok).toBe('boolean');
        else expect(result.message).not.toBe('');
      }),
      { numRuns: 3_000, seed: 1 },
    );
  });
});

describe('check', () => {
  const types = new Map<string, ExpressionType>([
    ['amount', 'number'],
    ['phone', 'text'],
    ['ready', 'boolean'],
    ['bill', 'unknown'],
    ['items', 'list'],
  ]);

  it.each<[string, string, string]>([
    ['phone + 1 > 2', 'cannot compare a text with a number', 'Write "number(…)" around the text'],
    ['phone - 1', 'expected a number, not a text', 'Write "number(…)" around it'],
    ['round(phone)', 'round takes a number, not a text', 'Write "number(…)" around it'],
    [
      'phone == 5',
      'is always the same: it compares a text with a number',
      'Write "number(…)" around the text',
    ],
    ['phon == "1"', 'nothing in the tree sets "phon"', 'Write "phone"'],
    ['amount and ready', 'expected true or false, not a number', 'Compare it: "… > 0"'],
    ['not phone', 'expected true or false, not a text', 'Write "not is_empty(…)"'],
    ['phone.length', 'a text has no member "length"', 'Use a map, or a function'],
    ['1 == 1', 'this is always the same', 'Compare with a variable'],
    ['ready < true', 'cannot order true or false', 'Use "==" or "!="'],
    ['-phone', 'expected a number, not a text', 'Write "number(…)" around it'],
    ['items + 1', 'cannot add a list', 'Use numbers or texts'],
  ])('%s: %s', (source, message, fix) => {
    expect(compiled(source).check(types)).toMatchObject([{ message, fix }]);
  });

  it.each([
    'bill.amount > 3',
    'amount > 3 and ready',
    'phone != null',
    'length(phone) == 11',
    'bill ?? phone == "x"',
  ])('has nothing to say of %s', (source) => {
    expect(compiled(source).check(types)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { compileExpression, type Expression } from './expression.js';
import type { Value } from './value.js';

const values = JSON.parse(
  '{"n": 7, "half": 0.5, "zero": 0, "huge": 1e308, "empty": "", "_id": 5, "账户": {"余额": 88.5},' +
    ' "s": "Abc", "zh": "账单", "yes": true, "no": false, "nothing": null,' +
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
  // Precedence, weakest first: ? :, or, and, comparisons and in, ??, + -, * / %, unary.
  ['no or yes and no', false],
  ['yes or no and no', true],
  ['(yes or no) and no', false],
  ['no ? 1 : yes ? 2 : 3', 2],
  ['yes ? no ? 1 : 2 : 3', 2],
  ['no or yes ? 1 : 2', 1],
  ['missing ?? n + 1', 8],
  ['missing ?? 0 > 3', false],
  ['(missing ?? 0) > 3', false],
  ['n ?? 0 > 3', true],
  ['missing ?? missing ?? 2 * 3', 6],
  ['n + 1 > n', true],
  ['n > 5 and n < 10', true],
  ['n > 5 and not (n < 10)', false],
  ['not n > 5', false],
  ['!no and yes', true],
  ['not not yes', true],
  ['!!yes', true],
  ['-n * -n', 49],
  ['- - n', 7],
  ['-list[0]', -3],
  ['10 - 2 * 3', 4],
  ['10 % 4 * 2', 4],
  ['2 * 10 % 4', 0],
  ['12 / 2 / 3', 2],
  ['1 - 2 + 3', 2],
  ['1 + 2 == 3 and "a" + "b" == "ab"', true],
  ['n in list or n == 7', true],
  ['n + 1 in [8]', true],
  ['n not in list', true],
  ['3 not in list', false],
  ['not 3 in list', false],
  ['(1 < 2) == true', true],
  // Literals.
  ['0.25', 0.25],
  ['0', 0],
  ["'it\\'s'", "it's"],
  ['"say \\"hi\\""', 'say "hi"'],
  ["'a\\nb\\tc\\\\'", 'a\nb\tc\\'],
  ["''", ''],
  ["'账单 {x} ? : and'", '账单 {x} ? : and'],
  ['[1, [2, [3]]]', [1, [2, [3]]]],
  ['true', true],
  ['null', null],
  // Names.
  ['账户.余额', 88.5],
  ['账户["余额"] + 1', 89.5],
  ['_id', 5],
  ['bill.lines.id', null],
  ['bill.amount.cents', null],
  ['list["0"]', null],
  ['list[-9]', null],
  ['list[0.5]', 3],
  ['s[0]', null],
  ['missing[0][1].x', null],
  ['bill[missing]', null],
  ['bill["lines"][0]["id"]', 'x'],
  ['[10, 20, 30][1]', 20],
  // Equality is of contents and kinds.
  ['1 == "1"', false],
  ['1 != "1"', true],
  ['null == false', false],
  ['null == 0', false],
  ['"" == null', false],
  ['missing == nothing', true],
  ['[1, "a"] == [1, "a"]', true],
  ['[1] == [1, 2]', false],
  ['[1] == [2]', false],
  ['[[1]] != [[1]]', false],
  ['bill == bill', true],
  ['bill.lines[0] == bill.lines[0]', true],
  ['bill == hostile', false],
  ['list == []', false],
  ['"B" < "a"', true],
  ['"a" < "ab"', true],
  ['"2026-11-20" < "2026-12-01"', true],
  // in and contains.
  ['"x" in ""', false],
  ['"" in s', true],
  ['[1] in [[1], [2]]', true],
  ['words contains "c"', false],
  ['bill contains "amount"', true],
  ['bill contains "toString"', false],
  ['missing contains 1', false],
  ['missing in s', false],
  ['missing in [null]', true],
  // Decimal arithmetic.
  ['0.1 + 0.2', 0.3],
  ['0.1 + 0.2 == 0.3', true],
  ['1.1 * 3', 3.3],
  ['4.35 * 100', 435],
  ['1 / 3', 0.333333333333333],
  ['-7 % 4', -3],
  ['5.5 % 2', 1.5],
  ['9007199254740991 - 1', 9007199254740990],
  ['zero * -1', 0],
  ['-zero', 0],
  // Joining.
  ['"a" + 1 + 2', 'a12'],
  ['1 + 2 + "a"', '3a'],
  ['"" + 0.5', '0.5'],
  // Short cuts.
  ['no and 1 / 0 > 1', false],
  ['yes ? 1 : 1 / 0', 1],
  ['n ?? 1 / 0', 7],
  ['missing and yes', false],
  ['missing or yes', true],
  ['not missing', true],
  ['missing ? 1 : 2', 2],
  // Functions at their edges.
  ['length("")', 0],
  ['length([])', 0],
  ['substring("账单😀x", 2, 3)', '😀'],
  ['substring("abc", -2)', 'bc'],
  ['substring("abc", 2, 1)', ''],
  ['substring("abc", 9)', ''],
  ['last("abc", 9)', 'abc'],
  ['last("abc", 0)', ''],
  ['last("abc", -1)', ''],
  ['last("a😀", 1)', '😀'],
  ['last("abc", 1.9)', 'c'],
  ['round(2.4)', 2],
  ['round(-2.4)', -2],
  ['round(-0.4)', 0],
  ['round(1.45, 1)', 1.5],
  ['round(8.575, 2)', 8.58],
  ['round(0.0000001, 2)', 0],
  ['round(123456789.987654321, 4)', 123456789.9877],
  ['round(huge, 2)', 1e308],
  ['floor(-2.1)', -3],
  ['ceil(-2.9)', -2],
  ['abs(zero)', 0],
  ['min(4)', 4],
  ['max(-1, -2)', -1],
  ['number(" -12.50 ")', -12.5],
  ['number("007")', 7],
  ['number("+3")', 3],
  ['text("a")', 'a'],
  ['text(1.5)', '1.5'],
  ['text([1, "a", null])', '1, a, '],
  ['text(bill.lines[0])', '{"id":"x"}'],
  ['join([])', ''],
  ['join([1, [2, 3]], "/")', '1/2, 3'],
  ['split("", ",")', ['']],
  ['split("a.b", ".")', ['a', 'b']],
  ['split("账单", "")', ['账', '单']],
  ['starts_with(s, "")', true],
  ['starts_with(s, "abc")', false],
  ['ends_with(s, "bc")', true],
  ['replace("aaa", "a", "$&")', '$&$&$&'],
  ['replace("abc", "", "x")', 'abc'],
  ['replace("a.c", "a.c", "")', ''],
  ['upper("straße")', 'STRASSE'],
  ['is_empty([])', true],
  ['is_empty(0)', false],
  ['is_empty(no)', false],
  ['is_empty(" ")', false],
  ['is_empty(bill)', false],
  ['default(missing, 3)', 3],
  ['default(zero, 3)', 0],
  ['default([], "none")', 'none'],
  ['count([])', 0],
  ['sum([])', 0],
  ['sum([0.1, 0.2])', 0.3],
  ['first(words)', 'a'],
  ['keys(hostile)', ['__proto__', 'constructor']],
  ['matches("尾号1234", "\\\\d{4}$")', true],
  ['matches("ABC", "abc")', false],
  ['matches("", "^$")', true],
  ['weekday("2026-11-22")', 7],
  ['days_between("2026-12-03", "2026-11-20")', -13],
  ['days_between("2026-03-01", "2026-03-01T09:30")', 0],
  ['days_between("2024-02-28", "2024-03-01")', 2],
  ['add_days("2026-12-31", 1)', '2027-01-01'],
  ['add_days("2026-03-01", -1)', '2026-02-28'],
  ['add_days("2026-03-01", 1.9)', '2026-03-02'],
  ['days_between(today(), add_days(today(), 30))', 30],
  ['now() > today()', true],
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
    ['huge * 10', 'the number is too large'],
    ['huge + huge', 'the number is too large'],
    ['sum([huge, huge])', 'the number is too large'],
    ['1 - s', 'expected a number, not "Abc"'],
    ['"5" * 2', 'expected a number, not "5"'],
    ['missing + 1', 'expected a number, not nothing'],
    ['missing + "a"', 'cannot join nothing and "a"'],
    ['yes + "a"', 'cannot join true and "a"'],
    ['yes + 1', 'expected a number, not true'],
    ['-s', 'expected a number, not "Abc"'],
    ['-missing', 'expected a number, not nothing'],
    ['n / zero', 'division by zero'],
    ['yes < no', 'cannot compare true with false'],
    ['list < list', 'cannot compare a list with a list'],
    ['n and yes', 'expected true or false, not 7'],
    ['yes and bill', 'expected true or false, not a map'],
    ['s ? 1 : 2', 'expected true or false, not "Abc"'],
    ['1 in s', '"Abc" contains only texts, not 1'],
    ['1 in bill', 'a map contains only texts, not 1'],
    ['1 in 2', '2 contains nothing'],
    ['yes contains yes', 'true contains nothing'],
    ['upper(missing)', 'expected a text, not nothing'],
    ['length(n)', 'expected a text, not 7'],
    ['last(s, s)', 'expected a number, not "Abc"'],
    ['round(n, 11)', 'round takes 0 to 10 digits'],
    ['round(n, -1)', 'round takes 0 to 10 digits'],
    ['round(n, 0.5)', 'round takes 0 to 10 digits'],
    ['number("")', '"" is not a number'],
    ['number("1e3")', '"1e3" is not a number'],
    ['number("0x10")', '"0x10" is not a number'],
    ['number("1,000")', '"1,000" is not a number'],
    ['number("Infinity")', '"Infinity" is not a number'],
    ['number(missing)', 'expected a text, not nothing'],
    ['number(yes)', 'expected a text, not true'],
    ['min(n, s)', 'expected a number, not "Abc"'],
    ['join(s)', 'expected a list, not "Abc"'],
    ['first(s)', 'expected a list, not "Abc"'],
    ['count(missing)', 'expected a list, not nothing'],
    ['keys(list)', 'expected a map, not a list'],
    ['split(n, ",")', 'expected a text, not 7'],
    ['matches(n, "7")', 'expected a text, not 7'],
    ['weekday("soon")', 'expected a date like 2026-11-20, not "soon"'],
    ['add_days("2026-13-01", 1)', 'expected a date like 2026-11-20, not "2026-13-01"'],
    ['add_days("9999-12-31", 1)', 'the date lies outside the years 1 to 9999'],
    ['add_days(today(), huge)', 'the date lies outside the years 1 to 9999'],
    ['sum(words)', 'expected a number, not "a"'],
    ['n contains 7', '7 contains nothing'],
  ])('%s fails: %s', (source, message) => {
    expect(compiled(source).evaluate(scope)).toEqual({ ok: false, message });
  });

  it('knows the paths it reads', () => {
    expect(compiled('bill.amount > n and bill.lines[n].id == s').names).toEqual([
      'bill.amount',
      'n',
      'bill.lines',
      's',
    ]);
  });

  it('knows no time outside of what a clock can show', () => {
    const expression = compiled('today()');
    for (const nowMs of [NaN, Infinity, 9e15, -9e15])
      expect(expression.evaluate({ ...scope, nowMs })).toEqual({
        ok: false,
        message: 'the clock is out of range',
      });
  });

  it('bounds the texts, the lists and the steps of one evaluation', () => {
    const withValue = (value: Value) => ({ ...scope, lookup: () => value });
    const long = 'x'.repeat(dialogLimits.textCharacters);
    const tooLong = {
      ok: false,
      message: `the text is longer than ${dialogLimits.textCharacters} characters`,
    };
    expect(compiled('upper(a)').evaluate(withValue(long))).toMatchObject({ ok: true });
    expect(compiled('a + "x"').evaluate(withValue(long))).toEqual(tooLong);
    expect(compiled('text([a, a])').evaluate(withValue(long))).toEqual(tooLong);
    expect(compiled('join([a, "x"], "")').evaluate(withValue(long))).toEqual(tooLong);
    expect(compiled('replace(a, "x", "yx")').evaluate(withValue(long))).toEqual(tooLong);
    expect(compiled('replace(a, "x", a)').evaluate(withValue(long))).toEqual(tooLong);
    expect(compiled('replace(a, "xx", "yy")').evaluate(withValue(long))).toMatchObject({ ok: true });
    const items = 'x,'.repeat(dialogLimits.expressionListItems - 1);
    expect(compiled('count(split(a, ","))').evaluate(withValue(items))).toEqual({ ok: true, value: 1_000 });
    expect(compiled('split(a, ",")').evaluate(withValue(`${items},`))).toEqual({
      ok: false,
      message: 'the list is longer than 1000 items',
    });
    const manyItems: Value[] = Array.from({ length: dialogLimits.expressionSteps }, () => 1);
    for (const source of ['sum(a)', '2 in a', 'join(a)', 'text(a)', 'a == [a]', 'is_empty(a)'])
      expect([source, compiled(source).evaluate(withValue(manyItems))]).toEqual([
        source,
        source === 'a == [a]' ? { ok: true, value: false } : { ok: false, message: 'too many steps' },
      ]);
    const search = "matches(a, '(.?){8}y')";
    expect(compiled(search).evaluate(withValue(long))).toEqual({ ok: true, value: false });
    expect(compiled(`${search}${` or ${search}`.repeat(3)}`).evaluate(withValue(long))).toEqual({
      ok: false,
      message: 'too many steps',
    });
    const budget = { steps: 10 };
    const shared = { ...withValue(1), budget };
    expect(compiled('a + a + a').evaluate(shared)).toEqual({ ok: true, value: 3 });
    expect(compiled('a + a + a').evaluate(shared)).toEqual({ ok: true, value: 3 });
    expect(compiled('a').evaluate(shared)).toEqual({
      ok: false,
      message: 'the expressions of this turn take too many steps',
    });
    expect(compiled('sum(a)').evaluate(withValue(manyItems.slice(0, 9_000)))).toEqual({
      ok: true,
      value: 9_000,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { compileExpression } from './expression.js';

describe('what is no expression', () => {
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
    ['[1', '"]" is missing', 2],
    ['[1,]', '"]" does not belong here', 3],
    ['round(1', '")" is missing', 7],
    ['round(,)', '"," does not belong here', 6],
    ['1 + + 2', '"+" does not belong here', 4],
    ['* 2', '"*" does not belong here', 0],
    ['a b', '"b" does not belong here', 2],
    ['a.1', '"1" does not belong here', 2],
    ['a.5 ? 1 : 2', '"5" does not belong here', 2],
    ['a ?', 'the expression ends too early', 3],
    [')', '")" does not belong here', 0],
    ['a)', '")" does not belong here', 1],
    ['a not', '"not" does not belong here', 2],
    ['1 < n < 5', 'comparisons in a row', 6],
    ['a == b == c', 'comparisons in a row', 7],
    ['a in b in c', 'comparisons in a row', 7],
    ['"\\', 'an unknown escape in a text', 1],
    ['"\\u0041"', 'an unknown escape in a text', 1],
    ['9'.repeat(17), 'the number has too many digits', 0],
    ['1 + ' + '9'.repeat(400), 'the number has too many digits', 4],
    ['13800138000 == 0138', 'a number begins with 0', 15],
    ['due > 2026-11-20', 'the date 2026-11-20 is not in quotes', 6],
    ['round(2).x(1)', '"(" does not belong here', 10],
    ['{a}', '"{" has no meaning here', 0],
    ['a; b', '";" has no meaning here', 1],
    ['a ≥ 1', '"≥" has no meaning here', 2],
    ['hi 😀', '"😀" has no meaning here', 3],
    ['\ud83d', '"\ud83d" has no meaning here', 0],
    ['a ? 1', '":" is missing', 5],
    ['a # b', '"#" has no meaning here', 2],
    ['round()', 'round takes 1 to 2 operands, not 0', 0],
    ['lower(s, s)', 'lower takes 1 operand, not 2', 0],
    ['rond(1)', 'there is no function "rond"', 0],
    ['constructor("x")', 'there is no function "constructor"', 0],
    ['matches(s, s)', 'matches takes a text and a pattern in quotes', 0],
    ['matches(s, "(")', '"(" is not closed', 11],
  ])('refuses %s', (source, message, offset) => {
    expect(compileExpression(source)).toMatchObject({ ok: false, message, offset });
  });

  it.each([
    ['rond(1)', 'Write "round"'],
    ['match(s, "x")', 'Write "matches"'],
    ['a = 1', 'Write "=="'],
    ['a === 1', 'Write "=="'],
    ['a !== 1', 'Write "!="'],
    ['a => 1', 'Write ">="'],
    ['a =< 1', 'Write "<="'],
    ['a <> 1', 'Write "!="'],
    ['a & b', 'Write "and"'],
    ['a | b', 'Write "or"'],
    ['a AND b', 'Write "and"'],
    ['a is null', 'Write "=="'],
    ['a then b', 'Write "?"'],
    ['a ＞ 1', 'Write ">"'],
    ['round（1）', 'Write "("'],
    ['[1，2]', 'Write ","'],
    ['a ≠ 1', 'Write "!="'],
    ['a == “x”', "Write '…'"],
    ['1 < n < 5', 'Write "a < b and b < c", or use "( )"'],
    ['a == 2026-11-20', 'Write "2026-11-20" in quotes'],
  ])('for %s advises: %s', (source, fix) => {
    expect(compileExpression(source)).toMatchObject({ ok: false, fix });
  });

  it('counts offsets from the beginning of what is given, spaces included', () => {
    expect(compileExpression('  1 2')).toMatchObject({ ok: false, offset: 4 });
    const compiled = compileExpression('  n ');
    expect(compiled.ok && compiled.expression.source).toBe('n');
  });
});

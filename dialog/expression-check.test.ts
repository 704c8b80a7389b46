import { describe, expect, it } from 'vitest';
import { compileExpression, type Expression } from './expression.js';
import { checkExpression, type ExpressionType } from './expression-types.js';

const types = new Map<string, ExpressionType>([
  ['amount', 'number'],
  ['limit', 'number'],
  ['phone', 'text'],
  ['ready', 'boolean'],
  ['bill', 'unknown'],
  ['account', 'map'],
  ['account.balance', 'number'],
  ['account.owner', 'text'],
  ['items', 'list'],
  ['nothing', 'null'],
]);

function compiled(source: string): Expression {
  const result = compileExpression(source);
  if (!result.ok) throw new Error(result.message);
  return result.expression;
}

describe('checkExpression', () => {
  it.each<[string, number, string, string, string]>([
    // Numbers where there are texts, and the other way round.
    ['phone - 1', 0, 'error', 'expected a number, not a text', 'Write "number(…)" around it'],
    ['1 * phone', 4, 'error', 'expected a number, not a text', 'Write "number(…)" around it'],
    ['-phone', 1, 'error', 'expected a number, not a text', 'Write "number(…)" around it'],
    ['amount / ready', 9, 'error', 'expected a number, not true or false', 'Use a number'],
    ['amount % null', 9, 'error', 'expected a number, not nothing', 'Use a number'],
    ['round("a")', 6, 'error', 'round takes a number, not a text', 'Write "number(…)" around it'],
    ['round(phone)', 6, 'error', 'round takes a number, not a text', 'Write "number(…)" around it'],
    ['round(amount, "2")', 14, 'error', 'round takes a number, not a text', 'Write "number(…)" around it'],
    ['max(1, 2, phone)', 10, 'error', 'max takes a number, not a text', 'Write "number(…)" around it'],
    ['lower(amount)', 6, 'error', 'lower takes a text, not a number', 'Give it a text'],
    ['last(amount, 4)', 5, 'error', 'last takes a text, not a number', 'Give it a text'],
    ['join(phone)', 5, 'error', 'join takes a list, not a text', 'Give it a list'],
    ['sum(amount)', 4, 'error', 'sum takes a list, not a number', 'Give it a list'],
    ['keys(items)', 5, 'error', 'keys takes a map, not a list', 'Give it a map'],
    ['matches(amount, "1")', 8, 'error', 'matches takes a text, not a number', 'Give it a text'],
    [
      'days_between(1, "2026-11-20")',
      13,
      'error',
      'days_between takes a text, not a number',
      'Give it a text',
    ],
    ['items + 1', 6, 'error', 'cannot add a list', 'Use numbers or texts'],
    ['null + 1', 5, 'error', 'cannot add nothing', 'Use numbers or texts'],
    ['phone + items', 6, 'error', 'cannot join a list', 'Write "text(…)" around it'],
    ['"x" + ready', 4, 'error', 'cannot join true or false', 'Write "text(…)" around it'],
    [
      'phone + 1',
      6,
      'warning',
      '"+" joins a text and a number, it does not add them',
      'Write "number(…)" around the text to add it, "text(…)" around the number to join it',
    ],
    [
      'amount + account.owner',
      7,
      'warning',
      '"+" joins a text and a number, it does not add them',
      'Write "number(…)" around the text to add it, "text(…)" around the number to join it',
    ],
    // Comparisons.
    ['phone > 5', 6, 'error', 'cannot compare a text with a number', 'Write "number(…)" around the text'],
    ['amount <= "5"', 7, 'error', 'cannot compare a number with a text', 'Write "number(…)" around the text'],
    ['amount < ready', 7, 'error', 'cannot compare a number with true or false', 'Compare like with like'],
    ['amount < null', 7, 'error', 'cannot compare a number with nothing', 'Compare like with like'],
    ['ready < true', 6, 'error', 'cannot order true or false', 'Use "==" or "!="'],
    ['items >= items.x', 14, 'error', 'a list has no member "x"', 'Use a map, or a function'],
    [
      'account.balance > phone',
      16,
      'error',
      'cannot compare a number with a text',
      'Write "number(…)" around the text',
    ],
    [
      'phone == 5',
      6,
      'warning',
      'this is always the same: it compares a text with a number',
      'Write "number(…)" around the text',
    ],
    [
      'ready != "yes"',
      6,
      'warning',
      'this is always the same: it compares true or false with a text',
      'Compare like with like',
    ],
    ['amount == amount', 7, 'warning', '"amount" is compared with itself', 'Compare it with something else'],
    [
      'bill.id <= bill.id',
      8,
      'warning',
      '"bill.id" is compared with itself',
      'Compare it with something else',
    ],
    // Members, items and what is in what.
    ['phone.length', 5, 'error', 'a text has no member "length"', 'Write "length(…)"'],
    ['amount.cents', 6, 'error', 'a number has no member "cents"', 'Use a map, or a function'],
    ['phone[0]', 5, 'error', 'a text has no items', 'Write "substring(…)"'],
    ['amount[0]', 6, 'error', 'a number has no items', 'Use a list or a map'],
    ['items["a"]', 6, 'error', 'a list has no item at a text', 'Put a number between "[" and "]"'],
    ['account[1]', 8, 'error', 'a map has no item at a number', 'Put a text between "[" and "]"'],
    ['1 in amount', 2, 'error', 'a number contains nothing', 'Use a text, a list or a map'],
    ['1 in phone', 2, 'error', 'a text contains only texts, not a number', 'Write "text(…)" around it'],
    [
      'account contains 1',
      8,
      'error',
      'a map contains only texts, not a number',
      'Write "text(…)" around it',
    ],
    ['1 not in phone', 2, 'error', 'a text contains only texts, not a number', 'Write "text(…)" around it'],
    // Conditions.
    ['amount and ready', 0, 'error', 'expected true or false, not a number', 'Compare it: "… > 0"'],
    ['ready or phone', 9, 'error', 'expected true or false, not a text', 'Write "not is_empty(…)"'],
    ['not phone', 4, 'error', 'expected true or false, not a text', 'Write "not is_empty(…)"'],
    ['items ? 1 : 2', 0, 'error', 'expected true or false, not a list', 'Write "not is_empty(…)"'],
    ['account ? 1 : 2', 0, 'error', 'expected true or false, not a map', 'Compare it: "… > 0"'],
    ['"yes" and ready', 0, 'error', 'expected true or false, not a text', 'Write "not is_empty(…)"'],
    // The same answer each time.
    ['1 == 1', 2, 'warning', 'this is always true', 'Ask for a variable, or remove it'],
    ['2 < 1', 2, 'warning', 'this is always false', 'Ask for a variable, or remove it'],
    ['"a" in ["b"]', 4, 'warning', 'this is always false', 'Ask for a variable, or remove it'],
    ['ready and true', 10, 'warning', 'this is always true', 'Ask for a variable, or remove it'],
    ['false or ready', 0, 'warning', 'this is always false', 'Ask for a variable, or remove it'],
    ['ready or not false', 9, 'warning', 'this is always true', 'Ask for a variable, or remove it'],
    ['ready and null', 10, 'warning', 'this is always false', 'Ask for a variable, or remove it'],
    ['is_empty("") ? 1 : 2', 0, 'warning', 'this is always true', 'Ask for a variable, or remove it'],
    [
      'ready and matches("a", "b")',
      10,
      'warning',
      'this is always false',
      'Ask for a variable, or remove it',
    ],
    ['1 / 0 > 1', 6, 'error', 'this always fails: division by zero', 'Correct it'],
    ['"a" > 1', 4, 'error', 'this always fails: cannot compare "a" with 1', 'Correct it'],
    // Names.
    ['phon == "1"', 0, 'warning', 'nothing in the tree sets "phon"', 'Write "phone"'],
    ['today == "2026-11-20"', 0, 'warning', 'nothing in the tree sets "today"', 'Write "today(…)"'],
    ['zzz', 0, 'warning', 'nothing in the tree sets "zzz"', 'Set it somewhere, or add it to "variables:"'],
    ['constructor', 0, 'warning', 'nothing in the tree sets "constructor"', expect.any(String) as string],
    ['bil.amount > 1', 0, 'warning', 'nothing in the tree sets "bil"', 'Write "bill"'],
    ['bill[indx]', 5, 'warning', 'nothing in the tree sets "indx"', expect.any(String) as string],
  ])('%s: at %i, %s: %s', (source, offset, severity, message, fix) => {
    expect(checkExpression(compiled(source), types)).toEqual([{ offset, severity, message, fix }]);
  });

  it.each([
    'bill.amount > 3',
    'amount > 3 and ready',
    'amount + limit * 2 > account.balance',
    'phone != null',
    'nothing == null',
    'phone ?? "none"',
    'amount ?? 0 > 3',
    'length(phone) == 11 and starts_with(phone, "1")',
    'number(phone) + 1',
    'phone + text(1)',
    '"no. " + amount',
    'phone + "-" + amount',
    'today() > "2026-11-20" and hour() < 18',
    'weekday() in [6, 7]',
    'weekday() not in [6, 7]',
    'hour() >= 9 ? "open" : "closed"',
    'ready ? amount : limit',
    '"x" in items',
    '"owner" in account',
    'bill in items',
    'account.owner + account["phone"]',
    'items[0].x == bill[phone]',
    'is_empty(items) or first(items) == null',
    'true',
    'null',
    '[1, 2]',
    '1 + 1',
    'default(phone, 5)',
    'min(amount, limit, 3) > 1',
  ])('has nothing to say of %s', (source) => {
    expect(checkExpression(compiled(source), types)).toEqual([]);
  });

  it.each<[string, string]>([
    ['true', 'this is always true'],
    ['null', 'this is always false'],
    ['1 == 1 or 2 == 2', 'this is always true'],
    ['amount', 'expected true or false, not a number'],
    ['"yes"', 'expected true or false, not a text'],
    ['1 + 1', 'expected true or false, not a number'],
    ['1 / 0', 'this always fails: division by zero'],
    ['ready ? amount : limit', 'expected true or false, not a number'],
  ])('as a condition %s is reported: %s', (source, message) => {
    expect(checkExpression(compiled(source), types, 'condition')).toMatchObject([{ message }]);
  });

  it.each(['ready', 'bill.ready', 'amount > 1', 'today() > "2026-01-01"', 'not is_empty(phone)'])(
    'as a condition %s is fine',
    (source) => {
      expect(checkExpression(compiled(source), types, 'condition')).toEqual([]);
    },
  );

  it('reports every problem, from left to right', () => {
    const problems = checkExpression(compiled('phone - 1 > 2 and nme == 3'), types);
    expect(problems.map(({ offset }) => offset)).toEqual([0, 18]);
  });
});

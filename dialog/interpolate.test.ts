import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { parseDuration } from './duration.js';
import { interpolate, isVariableName, namesIn } from './interpolate.js';

const values = new Map([
  ['name', 'Ann'],
  ['bill.amount', '42'],
  ['电话', '138'],
  ['again', '{name}'],
]);

describe('interpolate', () => {
  it.each([
    ['Hello {name}.', 'Hello Ann.'],
    ['{bill.amount} and {电话}', '42 and 138'],
    ['nothing: {missing}!', 'nothing: !'],
    ['{again}', '{name}'],
    ['{ name } {} {1} {', '{ name } {} {1} {'],
    ['{{name}}', '{Ann}'],
    ['{__proto__} {constructor}', '{__proto__} '],
  ])('%j gives %j', (template, text) => {
    expect(interpolate(template, (name) => values.get(name))).toBe(text);
  });

  it('cuts the result at the bound on texts', () => {
    const long = 'x'.repeat(dialogLimits.textCharacters);
    expect(interpolate('{a}{a}', () => long)).toHaveLength(dialogLimits.textCharacters);
  });
});

it('namesIn lists the names a text refers to', () => {
  expect(namesIn('{a} b {c.d} {a} {}')).toEqual(['a', 'c.d', 'a']);
});

it.each([
  ['phone', true],
  ['电话', true],
  ['bill.amount', true],
  ['1st', false],
  ['__proto__', false],
  ['a b', false],
  ['', false],
  ['x'.repeat(65), false],
])('isVariableName(%j) is %j', (name, valid) => expect(isVariableName(name)).toBe(valid));

it.each([
  ['5s', 5_000],
  ['1.5s', 1_500],
  ['500ms', 500],
  ['5', null],
  ['5 s', null],
  ['-5s', null],
  ['', null],
])('parseDuration(%j) is %j', (text, ms) => expect(parseDuration(text)).toBe(ms));

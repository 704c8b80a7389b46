import { expect, it } from 'vitest';
import { spokenForms } from './spoken-forms.js';

it.each<[string, string[]]>([
  ['hello', ['hello']],
  ["it's", ["it's"]],
  ['it\u2019s', ["it's"]],
  ['café', ['cafe']],
  ['forty-two', ['forty two']],
  ['a.m.', ['a m']],
  ['4', ['four']],
  ['0', ['zero', 'oh']],
  ['10', ['ten', 'one zero', 'one oh']],
  ['42', ['forty two', 'four two']],
  ['110', ['one hundred ten', 'one one zero', 'one one oh']],
  ['1984', ['one thousand nine hundred eighty four', 'one nine eight four', 'nineteen eighty four']],
  ['007', ['zero zero seven', 'oh oh seven']],
  ['10086', ['one zero zero eight six', 'one oh oh eight six']],
  ['b2b', ['b two b']],
  ['24/7', ['twenty four seven', 'two four seven']],
  ['r&d', ['r and d']],
  ['50%', ['fifty percent', 'five zero percent', 'five oh percent']],
  ['new york', ['new york']],
])('"%s" is said %j', (token, forms) => {
  expect(spokenForms(token).map((form) => form.join(' '))).toEqual(forms);
});

it.each(['', '...', '查话费', 'привет', 'naïve漢', '_', 'x'.repeat(65)])('"%s" cannot be said', (token) => {
  expect(spokenForms(token)).toEqual([]);
});

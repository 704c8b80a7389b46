import { expect, test } from 'vitest';

import { promptTexts } from './prompt-texts.js';
import { treeOf } from './testing/kit.js';

test('every text that may be said on the phone is listed once: nodes, asks, read-backs, ladders, confirmation', () => {
  const tree = treeOf(`tree: t
language: en-US
start: a
confirm: 'Do you mean {label}?'
nodes:
  a: { say: { voice: Spoken., chat: Written. }, go: b }
  b:
    say: Spoken.
    ask: { slot: n, type: digits, min: 1, max: 2, prompts: [First., Second.], confirm: '{n}?', no_input: { prompts: [Hello?], max: 1 }, no_match: { prompts: [Pardon?], max: 1 } }
    go: c
  c: { end: { say: Bye. } }
`);
  expect(promptTexts(tree).sort()).toEqual(
    [
      ...['Bye.', 'Do you mean {label}?', 'First.', 'Hello?', 'Pardon?', 'Second.', 'Spoken.', '{n}?'],
      ...['All right, {value}.', 'Did you mean {options}?'],
    ].sort(),
  );
});

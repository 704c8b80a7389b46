import { describe, expect, test } from 'vitest';

import { matchGrammar, tokenize } from '../../media/speech/grammar/match.js';
import { treeOf, treeText } from '../session/testing/kit.js';
import { promptGrammar, sentencesOf } from './prompt-grammar.js';

describe('sentencesOf', () => {
  test.each([
    ['Hello. How are you?', ['Hello', 'How are you']],
    ['您好。请问！', ['您好', '请问']],
    ['no end mark', ['no end mark']],
    ['... ?!', []],
    ['', []],
    ['It takes {order.days} days. Bye.', ['It takes {} days', 'Bye']],
  ])('"%s"', (text, sentences) => {
    expect(sentencesOf(text)).toEqual(sentences);
  });
});

describe('promptGrammar', () => {
  const tree = treeOf(
    treeText
      .replace('Bill or fault?', "'I heard {phone}. Is that right?'")
      .replace('globals:', 'variables: { phone: none }\nglobals:'),
  );
  const grammar = promptGrammar(tree, ['Nobody is free.']);
  const read = (text: string) => matchGrammar(grammar, tokenize(text, 'en-US')).outcome;

  test.each([
    ['welcome', 'match'],
    ['welcome your number', 'match'],
    ['goodbye', 'match'],
    ['hello', 'match'],
    ['pardon', 'match'],
    ['nobody is free', 'match'],
    ['i heard five oh five is that right', 'match'],
    ['i heard', 'partial'],
    ['i heard you', 'no-match'],
    ['your', 'partial'],
    ['something else', 'no-match'],
  ])('the bot may say "%s": %s', (text, reading) => {
    expect(read(text)).toBe(reading);
  });

  test('a turn has at most eight sentences and a variable at most twenty digits', () => {
    expect(read(Array(8).fill('pardon').join(' '))).toBe('match');
    expect(read(Array(9).fill('pardon').join(' '))).toBe('no-match');
    expect(read(`i heard ${Array(20).fill('two').join(' ')}`)).toBe('match');
    expect(read(`i heard ${Array(21).fill('two').join(' ')}`)).toBe('no-match');
  });
});

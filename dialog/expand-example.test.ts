import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { expandExample } from './expand-example.js';

describe('expandExample', () => {
  it.each<[string, string[]]>([
    ['查账单', ['查账单']],
    ['how are you?', ['how are you?']],
    ['(我想|我要)?查账单', ['我想查账单', '我要查账单', '查账单']],
    ['查(一下)?账单', ['查一下账单', '查账单']],
    [
      '(please )?pay (my|the) bill',
      ['please pay my bill', 'pay my bill', 'please pay the bill', 'pay the bill'],
    ],
    ['a ( b )? c', ['a b c', 'a c']],
    ['(a(b|c)?|d)', ['ab', 'ac', 'a', 'd']],
    ['one \\(two\\)', ['one (two)']],
    ['(a)?', ['a']],
    ['()?a', ['a']],
  ])('%s', (source, sentences) => {
    expect(expandExample(source)).toEqual({ ok: true, sentences, truncated: false });
  });

  it('gives six sentences for the notation of the handbook', () => {
    const expanded = expandExample('(我想|我要)?查(一下)?账单');
    expect(expanded.ok && expanded.sentences).toHaveLength(6);
  });

  it.each<[string, string, number]>([
    ['(a', '"(" is not closed', 0],
    ['a)', '")" closes nothing', 1],
    ['a|b', '"|" outside of "( )"', 1],
    ['('.repeat(40), 'groups are more than 16 deep', 16],
  ])('refuses %s', (source, message, offset) => {
    expect(expandExample(source)).toMatchObject({ ok: false, message, offset });
  });

  it('takes a bounded sample of many, with every alternative in it', () => {
    const words = ['a', 'b', 'c', 'd', 'e', 'f'];
    const expanded = expandExample(`(${words.join('|')}) `.repeat(10));
    if (!expanded.ok) throw new Error(expanded.message);
    expect(expanded.truncated).toBe(true);
    expect(expanded.sentences.length).toBeLessThanOrEqual(dialogLimits.examplesPerNotation);
    expect(expanded.sentences.length).toBeGreaterThan(40);
    for (let place = 0; place < 10; place++) {
      const seen = new Set(expanded.sentences.map((sentence) => sentence.split(' ')[place]));
      expect([...seen].sort()).toEqual(words);
    }
  });
});

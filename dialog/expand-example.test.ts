import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { expandExample } from './expand-example.js';

const most = dialogLimits.examplesPerNotation;

function sentencesOf(source: string): readonly string[] {
  const expanded = expandExample(source);
  if (!expanded.ok) throw new Error(`${source}: ${expanded.message}`);
  return expanded.sentences;
}

describe('expandExample', () => {
  it.each<[string, string[]]>([
    ['查账单', ['查账单']],
    ['how are you?', ['how are you?']],
    ['what? really?', ['what? really?']],
    ['  as it   stands ', ['  as it   stands ']],
    ['账单（本月）', ['账单（本月）']],
    ['(我想|我要)?查账单', ['我想查账单', '我要查账单', '查账单']],
    ['查(一下)?账单', ['查一下账单', '查账单']],
    [
      '(我想|我要)?查(一下)?账单',
      ['我想查一下账单', '我要查一下账单', '查一下账单', '我想查账单', '我要查账单', '查账单'],
    ],
    [
      '(please )?pay (my|the) bill',
      ['please pay my bill', 'pay my bill', 'please pay the bill', 'pay the bill'],
    ],
    ['a ( b )? c', ['a b c', 'a c']],
    ['(please)? pay (now)?', ['please pay now', 'pay now', 'please pay', 'pay']],
    ['(a(b|c)?|d)', ['ab', 'ac', 'a', 'd']],
    ['((a|b)|(c|d))', ['a', 'b', 'c', 'd']],
    ['((a)?)?b', ['ab', 'b']],
    ['one \\(two\\)', ['one (two)']],
    ['a\\|b', ['a|b']],
    ['(why|how)\\?', ['why?', 'how?']],
    ['(a|b)? ok?', ['a ok?', 'b ok?', 'ok?']],
    ['back\\\\slash', ['back\\slash']],
    ['(a)', ['a']],
    ['(a)?', ['a']],
    ['()?a', ['a']],
    ['(|a)b', ['b', 'ab']],
    ['(a|a)b', ['ab']],
    ['(😀|账)单', ['😀单', '账单']],
  ])('%s', (source, sentences) => {
    expect(expandExample(source)).toEqual({ ok: true, sentences, truncated: false });
  });

  it.each<[string, string, number]>([
    ['(a', '"(" is not closed', 0],
    ['x(a|(b)', '"(" is not closed', 1],
    ['(a|(b', '"(" is not closed', 3],
    ['a)', '")" closes nothing', 1],
    ['(a))', '")" closes nothing', 3],
    ['a|b', '"|" outside of "( )"', 1],
    ['(a)|b', '"|" outside of "( )"', 3],
    ['（我想｜我要）查账单', '"｜" is no notation', 3],
    ['a\\', '"\\" stands before nothing', 1],
    ['()', 'the example says nothing', 0],
    ['( )?', 'the example says nothing', 0],
    ['('.repeat(40), 'groups are more than 16 deep', 16],
    ['(a|b)'.repeat(200_000), 'the example is longer than 2000 characters', 2_000],
  ])('refuses %s', (source, message, offset) => {
    expect(expandExample(source)).toMatchObject({ ok: false, message, offset });
  });

  it('gives all sentences up to the bound, and a sample of as many beyond it', () => {
    const bits = (count: number): string => '(a|b)'.repeat(count);
    expect(expandExample(bits(6))).toMatchObject({ truncated: false });
    expect(sentencesOf(bits(6))).toHaveLength(most);
    expect(expandExample(bits(7))).toMatchObject({ truncated: true });
    expect(new Set(sentencesOf(bits(7))).size).toBe(most);
    expect(sentencesOf(bits(300))).toHaveLength(most);
  });

  it('takes the same sample each time', () => {
    const source = '(a|b|c|d)(e|f|g|h)(i|j|k|l)(m|n)?';
    expect(sentencesOf(source)).toEqual(sentencesOf(source));
  });

  it.each([
    '(a|b|c|d|e|f) (a|b|c|d|e|f) (a|b|c|d|e|f)',
    // One alternative that stands for a single sentence beside one that stands for 128.
    '((1|2)(3|4)(5|6)(7|8)(a|b)(c|d)(e|f)|z)',
    '(a(1|2|3|4|5|6|7|8|9|b|c|d|e|f|g|h|i|j|k|l)|m|n|o|p|q|r|s|t|u)(v|w|x|y)',
    `(${Array.from({ length: most }, (_, i) => `<${i}>`).join('|')})(x|y)`,
  ])('lets each alternative of %s occur in a sample', (source) => {
    const expanded = expandExample(source);
    expect(expanded).toMatchObject({ ok: true, truncated: true });
    const said = sentencesOf(source).join('\n');
    for (const word of source.match(/<\d+>|[a-z0-9]/g) ?? []) expect(said).toContain(word);
  });

  it('takes any sentence as often as any other', () => {
    // 1,024 sentences of ten choices: each way of a choice should be in about half of the 64.
    const sentences = sentencesOf('(a|b)'.repeat(10));
    for (let place = 0; place < 10; place++) {
      const share = sentences.filter((sentence) => sentence.charAt(place) === 'a').length / most;
      expect(share).toBeGreaterThan(0.3);
      expect(share).toBeLessThan(0.7);
    }
    const pairs = new Set(sentences.map((sentence) => `${sentence.charAt(0)}${sentence.charAt(1)}`));
    expect(pairs.size).toBe(4);
  });

  it('says only what the notation allows', () => {
    const pattern = /^(?:[ab]c)?d(?:e|f?g)$/;
    for (const sentence of sentencesOf('((a|b)c)?d(e|(f)?g)')) expect(sentence).toMatch(pattern);
    const large = /^[a-e][f-j]?[k-o](?:p|q[rs])$/;
    for (const sentence of sentencesOf('(a|b|c|d|e)(f|g|h|i|j)?(k|l|m|n|o)(p|q(r|s))'))
      expect(sentence).toMatch(large);
  });

  it('never throws, and stays within its bounds, for anything that can be typed', () => {
    const piece = fc.constantFrom('(', ')', '|', '?', '\\', '｜', 'a', ' ', '账', '😀', '(a|b)', '(c)?');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const source = pieces.join('');
        const expanded = expandExample(source);
        if (!expanded.ok) expect(expanded.offset).toBeLessThanOrEqual(source.length);
        else expect(expanded.sentences.length).toBeLessThanOrEqual(most);
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});

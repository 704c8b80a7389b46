import { describe, expect, it } from 'vitest';
import { speechLimits } from '../../../config/limits.js';
import { SeededRandom } from '../../../config/random.js';
import { workOf } from '../../../config/testing/work-meter.js';
import {
  meaning,
  nothing,
  oneOf,
  optional,
  repeated,
  ruleReference,
  sequence,
  tag,
  weighted,
  words,
} from './expansion.js';
import type { Expansion, Grammar } from './grammar.js';
import { matchGrammar, tokenize } from './match.js';
import { phraseGrammar } from './phrases.js';
import { dtmfKeys } from './tokenize.js';

function grammar(
  root: Expansion,
  rules: Record<string, Expansion> = {},
  mode: 'voice' | 'dtmf' = 'voice',
): Grammar {
  return {
    kind: 'rules',
    uri: 'session:t',
    mode,
    language: 'en-US',
    weight: 1,
    root: 'r',
    rules: { ...rules, r: root },
  };
}

const a = words(['a']);
const b = words(['b']);

describe('tokenize', () => {
  it.each([
    ['Hello, World!', 'en-US', ['hello', 'world']],
    ["I don't KNOW — it’s O'Brien's", 'en-US', ['i', "don't", 'know', "it's", "o'brien's"]],
    ['press 25 now', 'en-GB', ['press', 'two', 'five', 'now']],
    ['我要查25号账单，谢谢', 'zh-CN', [...'我要查二五号账单谢谢']],
    ['用WiFi上网', 'zh-CN', ['用', 'wifi', '上', '网']],
    ['Ｆｕｌｌ　ｗｉｄｔｈ１', 'en', ['full', 'width', 'one']],
    ['Où êtes-vous', 'fr-FR', ['où', 'êtes', 'vous']],
    ['12', 'fr-FR', ['1', '2']],
    ['हिन्दी में', 'hi-IN', ['हिन्दी', 'में']],
    ['?!', 'en', []],
  ])('cuts %j (%s)', (text, language, tokens) => {
    expect(tokenize(text, language)).toEqual(tokens);
  });

  it('cuts DTMF strings into keys', () => {
    expect(dtmfKeys('1 2-3*#ax')).toEqual(['1', '2', '3', '*', '#', 'A']);
  });
});

describe('matchGrammar', () => {
  it.each([
    ['a token', a, 'a', 'match', false, 'a'],
    ['another token', a, 'b', 'no-match', false, ''],
    ['nothing said yet', a, '', 'partial', true, ''],
    ['a started sequence', sequence(a, b), 'a', 'partial', true, ''],
    ['a whole sequence', sequence(a, b), 'a b', 'match', false, 'a b'],
    ['too much', sequence(a, b), 'a b a', 'no-match', false, ''],
    ['an optional end', sequence(a, optional(b)), 'a', 'match', true, 'a'],
    ['a counted repeat, short', repeated(a, 2, 3), 'a', 'partial', true, ''],
    ['a counted repeat, extensible', repeated(a, 2, 3), 'a a', 'match', true, 'a a'],
    ['a counted repeat, full', repeated(a, 2, 3), 'a a a', 'match', false, 'a a a'],
    ['a repeat of what can be empty', repeated(optional(a), 5, 8), 'a a', 'match', true, 'a a'],
    ['an alternative', oneOf(a, b), 'b', 'match', false, 'b'],
    ['NULL, SRGS 2.2.3', sequence(nothing, a), 'a', 'match', false, 'a'],
    ['VOID, SRGS 2.2.3', sequence({ type: 'special', name: 'VOID' }, a), 'a', 'no-match', false, ''],
    [
      'GARBAGE, SRGS 2.2.3',
      sequence({ type: 'special', name: 'GARBAGE' }, b),
      'x y b',
      'match',
      true,
      'x y b',
    ],
    ['GARBAGE that took all', sequence({ type: 'special', name: 'GARBAGE' }, b), 'x y', 'partial', true, ''],
    ['no alternatives', weighted([]), 'a', 'no-match', false, ''],
    ['an undefined rule', ruleReference('constructor'), 'a', 'no-match', false, ''],
  ] as const)('%s', (_name, root, text, outcome, canExtend, interpretation) => {
    const tokens = text === '' ? [] : text.split(' ');
    expect(matchGrammar(grammar(root), tokens)).toEqual({ outcome, canExtend, interpretation });
  });

  it.each([
    ['one tag', sequence(a, tag('x'), b), 'x'],
    ['several tags, in order', sequence(a, tag('coke'), b, tag('pizza')), 'coke pizza'],
    ['figures, joined', sequence(a, tag('1'), b, tag('2')), '12'],
    [
      'the heavier of two ways',
      weighted([
        { weight: 1, expansion: sequence(a, b, tag('light')) },
        { weight: 3, expansion: sequence(a, b, tag('heavy')) },
      ]),
      'heavy',
    ],
    [
      'the first of two equal ways',
      oneOf(sequence(a, b, tag('first')), sequence(a, b, tag('second'))),
      'first',
    ],
  ])('means %s', (_name, root, interpretation) => {
    expect(matchGrammar(grammar(root), ['a', 'b']).interpretation).toBe(interpretation);
  });

  it('joins DTMF keys and completes when nothing can follow (RFC 6787 9.4.17)', () => {
    const pin = grammar(repeated(oneOf(...[...'0123456789'].map((key) => words([key]))), 4, 4), {}, 'dtmf');
    expect(matchGrammar(pin, dtmfKeys('123'))).toMatchObject({ outcome: 'partial', canExtend: true });
    expect(matchGrammar(pin, dtmfKeys('1234'))).toEqual({
      outcome: 'match',
      canExtend: false,
      interpretation: '1234',
    });
  });

  it('follows right recursion and ends on left recursion', () => {
    const right = grammar(ruleReference('list'), { list: sequence(a, optional(ruleReference('list'))) });
    expect(matchGrammar(right, ['a', 'a', 'a'])).toMatchObject({ outcome: 'match', canExtend: true });
    const left = grammar(ruleReference('list'), { list: oneOf(sequence(ruleReference('list'), a), b) });
    expect(matchGrammar(left, ['c']).outcome).toBe('no-match');
  });

  it('takes any speech as a transcription', () => {
    const any: Grammar = {
      kind: 'transcribe',
      uri: 'builtin:speech/transcribe',
      mode: 'voice',
      language: 'zh-CN',
    };
    expect(matchGrammar(any, tokenize('你好 Apple Music', 'zh-CN')).interpretation).toBe('你好apple music');
    expect(matchGrammar(any, []).outcome).toBe('partial');
  });

  it('does bounded work where alternatives multiply', () => {
    const rules: Record<string, Expansion> = { r0: oneOf(a, words(['a'])) };
    for (let i = 1; i <= 30; i++)
      rules[`r${i}`] = oneOf(
        ...Array.from({ length: 4 }, () => sequence(ruleReference(`r${i - 1}`), optional(a))),
      );
    const tokens = Array.from({ length: 31 }, () => 'a');
    expect(matchGrammar(grammar(ruleReference('r30'), rules), tokens).outcome).toBe('match');
  });

  it('gives up on a grammar made to be slow', () => {
    let slow: Expansion = repeated(a, 1, Infinity);
    for (let i = 0; i < 6; i++) slow = repeated(sequence(slow, a), 40, Infinity);
    const tokens = Array.from({ length: speechLimits.grammarMatchTokens }, () => 'a');
    // Without the bound it would be partial: the words are all taken, and more are wanted.
    const work = workOf(() => expect(matchGrammar(grammar(slow), tokens).outcome).toBe('no-match'));
    expect(work).toBeLessThan(5 * speechLimits.grammarMatchSteps);
    expect(matchGrammar(grammar(a), [...tokens, 'a']).outcome).toBe('no-match');
  });

  it('agrees with enumeration on random grammars', () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 300; round++) {
      const root = randomExpansion(random, 3);
      const sentences = enumerate(root, 4);
      for (const tokens of allStrings(4)) {
        const text = tokens.join(' ');
        const { outcome } = matchGrammar(grammar(root), tokens);
        if (sentences.has(text)) expect(outcome).toBe('match');
        else expect(outcome).not.toBe('match');
        const prefix = [...sentences].some(
          (sentence) => sentence !== text && `${sentence} `.startsWith(text === '' ? '' : `${text} `),
        );
        if (prefix) expect(matchGrammar(grammar(root), tokens).canExtend).toBe(true);
      }
    }
  });
});

function randomExpansion(random: SeededRandom, depth: number): Expansion {
  const kind = random.integer(depth === 0 ? 2 : 5);
  const inner = (): Expansion => randomExpansion(random, depth - 1);
  if (kind < 2) return kind === 0 ? a : b;
  if (kind === 2) return sequence(inner(), inner());
  if (kind === 3) return oneOf(inner(), inner());
  const min = random.integer(2);
  return repeated(inner(), min, min + random.integer(3));
}

function enumerate(expansion: Expansion, longest: number): Set<string> {
  const join = (left: Set<string>, right: Set<string>): Set<string> =>
    new Set(
      [...left]
        .flatMap((x) => [...right].map((y) => [x, y].filter((part) => part !== '').join(' ')))
        .filter((text) => text.split(' ').length <= longest),
    );
  switch (expansion.type) {
    case 'token':
      return new Set([expansion.text]);
    case 'sequence':
      return expansion.items.map((item) => enumerate(item, longest)).reduce(join, new Set(['']));
    case 'alternatives':
      return new Set(expansion.items.flatMap((item) => [...enumerate(item.expansion, longest)]));
    case 'repeat': {
      const once = enumerate(expansion.item, longest);
      let current = new Set(['']);
      const all = new Set<string>();
      for (let count = 0; count <= expansion.max; count++) {
        if (count >= expansion.min) for (const text of current) all.add(text);
        current = join(current, once);
      }
      return all;
    }
    default:
      throw new Error('not enumerated');
  }
}

function allStrings(longest: number): string[][] {
  let layer: string[][] = [[]];
  const all = [...layer];
  for (let length = 1; length <= longest; length++) {
    layer = layer.flatMap((tokens) => [
      [...tokens, 'a'],
      [...tokens, 'b'],
    ]);
    all.push(...layer);
  }
  return all;
}

describe('phraseGrammar', () => {
  const bills = phraseGrammar(
    'builtin:x-node/bill',
    ['Check my bill.', '查25号账单', 'pay 120 dollars', '?!'],
    'en-US',
  );
  it.each([
    ['check my bill', 'Check my bill.'],
    ['pay one two zero dollars', 'pay 120 dollars'],
    ['pay one hundred twenty dollars', 'pay 120 dollars'],
    ['pay one hundred and twenty dollars', 'pay 120 dollars'],
    ['PAY 120 dollars', 'pay 120 dollars'],
  ])('%j means its phrase', (text, interpretation) => {
    expect(matchGrammar(bills, tokenize(text, 'en-US'))).toMatchObject({ outcome: 'match', interpretation });
  });

  it('reads figures in Chinese both ways', () => {
    const phrases = phraseGrammar('x', ['充值200元'], 'zh-CN');
    for (const text of ['充值二零零元', '充值二百元', '充值两百元', '充值200元'])
      expect(matchGrammar(phrases, tokenize(text, 'zh-CN')).outcome).toBe('match');
  });

  it('matches nothing when there are no words', () => {
    expect(matchGrammar(phraseGrammar('x', ['!', ''], 'en'), ['a']).outcome).toBe('no-match');
  });

  it('keeps meaning with words made by hand', () => {
    expect(matchGrammar(grammar(meaning(['a'], 'yes')), ['a']).interpretation).toBe('yes');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NgramMatcher } from './ngram-matcher.js';
import { NgramScorer } from './ngram-scorer.js';
import type { Candidate } from './scoring.js';
import { defaultThresholds } from './tree.js';

const english: Candidate[] = [
  {
    id: 'delivery',
    examples: [
      'where is my parcel',
      'my package did not arrive',
      'track my delivery',
      'when will it be shipped',
    ],
  },
  {
    id: 'return',
    examples: ['i want to send this back', 'how do i return an item', 'return my order', 'give me a refund'],
  },
  {
    id: 'payment',
    examples: [
      'my card was declined',
      'can i pay by cheque',
      'which cards do you take',
      'change payment method',
    ],
  },
  {
    id: 'account',
    examples: ['i forgot my password', 'i cannot log in', 'reset my password', 'close my account'],
  },
];

const chinese: Candidate[] = [
  { id: '物流', examples: ['我的快递到哪了', '包裹还没到', '查一下物流', '什么时候发货'] },
  { id: '退货', examples: ['我要退货', '怎么退款', '这个东西不想要了', '能不能退掉'] },
  { id: '付款', examples: ['付不了款', '可以用信用卡吗', '怎么支付', '换一个付款方式'] },
  { id: '账号', examples: ['忘记密码了', '登录不上', '重置密码', '注销账号'] },
];

/** Written for this test; none repeats an example. */
const labelled: [readonly Candidate[], string, string][] = [
  [english, 'where has my package gone', 'delivery'],
  [english, 'is my parcel shipped yet', 'delivery'],
  [english, 'please track the package', 'delivery'],
  [english, 'can i return it', 'return'],
  [english, 'i need a refund for this item', 'return'],
  [english, 'send back my order', 'return'],
  [english, 'do you take a credit card', 'payment'],
  [english, 'can i pay with another card', 'payment'],
  [english, 'card declined again', 'payment'],
  [english, 'password reset please', 'account'],
  [english, 'log in does not work', 'account'],
  [english, 'how do i close the account', 'account'],
  [chinese, '快递怎么还没到', '物流'],
  [chinese, '帮我查物流信息', '物流'],
  [chinese, '几时能发货', '物流'],
  [chinese, '我想退款', '退货'],
  [chinese, '这个能退吗', '退货'],
  [chinese, '东西不要了给我退货', '退货'],
  [chinese, '信用卡能支付吗', '付款'],
  [chinese, '为什么付款付不了', '付款'],
  [chinese, '密码忘了怎么办', '账号'],
  [chinese, '账号登录不了', '账号'],
];

describe('NgramMatcher', () => {
  it('puts the right branch first for at least 95 % of unseen sentences', () => {
    const matchers = new Map(
      [english, chinese].map((set) => [set as readonly Candidate[], new NgramMatcher(set)]),
    );
    const wrong = labelled.filter(([set, text, id]) => matchers.get(set)?.match(text)[0]?.branchId !== id);
    expect(wrong.length / labelled.length).toBeLessThanOrEqual(0.05);
  });

  it.each([
    [english, 'qwerty zxcvb hjkl'],
    [english, 'mauve elephants juggle quietly'],
    [chinese, '今晚月色真美'],
    [chinese, 'lorem ipsum dolor'],
    [english, ''],
    [english, '?!'],
  ])('gives nonsense a score below the accept threshold (%#)', (set, text) => {
    expect(new NgramMatcher(set).match(text)[0]?.score).toBeLessThan(defaultThresholds.accept);
  });

  it('gives an example of its own nearly 1, and more than any paraphrase', () => {
    const matcher = new NgramMatcher(english);
    for (const { id, examples } of english) {
      for (const example of examples) {
        const [best] = matcher.match(example);
        expect(best?.branchId).toBe(id);
        expect(best?.score).toBeGreaterThan(0.6);
      }
    }
  });

  it('lowers the score for words that no example has', () => {
    const matcher = new NgramMatcher(english);
    const score = (text: string) => matcher.match(text)[0]?.score ?? 0;
    // Not one n-gram of these digits is known, so they can only act through the length of the query.
    expect(score('track my delivery') - score('track my delivery 8888 9999')).toBeGreaterThan(0.1);
  });

  it('scores what it was shown as background lower, and its own sentences no worse than before', () => {
    const strange = ['how is the weather today', 'will it rain tomorrow', 'what is the temperature outside'];
    const [plain, taught] = [new NgramMatcher(english), new NgramMatcher(english, undefined, strange)];
    const best = (matcher: NgramMatcher, text: string) => matcher.match(text)[0];
    expect(best(taught, 'will it rain today')?.score).toBeLessThan(
      best(plain, 'will it rain today')?.score ?? 0,
    );
    for (const { id, examples } of english) {
      for (const example of examples) expect(best(taught, example)?.branchId).toBe(id);
    }
  });

  it.each([
    ['账单不对', '帐单不队'],
    ['我要缴费', '我要缴非'],
  ])('still finds %s when it is heard as %s', (example, heard) => {
    const matcher = new NgramMatcher([...chinese, { id: '账单', examples: [example, '查账单'] }]);
    expect(matcher.match(heard)[0]?.branchId).toBe('账单');
  });

  it('knows words that mean the same', () => {
    expect(new NgramMatcher(english).match('has the shipment arrived')[0]?.branchId).toBe('delivery');
    expect(new NgramMatcher(english).match('sign up and purchase with cash')[0]?.branchId).toBe('payment');
  });

  it('is deterministic: two matchers of the same candidates agree bit by bit', () => {
    const [a, b] = [new NgramMatcher(english), new NgramMatcher(english)];
    for (const [, text] of labelled) expect(a.match(text)).toEqual(b.match(text));
  });

  it('keeps nothing between utterances', () => {
    const matcher = new NgramMatcher(english);
    const first = matcher.match('my card was declined twice');
    matcher.match('where is my parcel parcel parcel');
    expect(matcher.match('my card was declined twice')).toEqual(first);
  });

  it('serves one branch, none, and branches without examples', () => {
    expect(new NgramMatcher([]).match('hello')).toEqual([]);
    expect(
      new NgramMatcher([{ id: 'only', examples: ['hello there'] }]).match('hello there')[0]?.score,
    ).toBeGreaterThan(0.6);
    const [first, second] = new NgramMatcher([
      { id: 'empty', examples: [] },
      { id: 'full', examples: ['hello there'] },
    ]).match('hello there');
    expect([first?.branchId, second?.branchId]).toEqual(['full', 'empty']);
  });

  it('gives any text a score of 0 to 1 for each branch, best first', () => {
    const matcher = new NgramMatcher([...english, ...chinese]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        const scores = matcher.match(text).map(({ score }) => score);
        expect(scores).toHaveLength(8);
        expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
        expect([...scores].sort((a, b) => b - a)).toEqual(scores);
      }),
      { numRuns: 200 },
    );
  });
});

describe('NgramScorer', () => {
  const { signal } = new AbortController();

  it('answers for the asked branches only, best first', async () => {
    const scorer = new NgramScorer();
    await scorer.prepare('shop', english);
    const scores = await scorer.score('shop', 'track my parcel', ['account', 'delivery'], signal);
    expect(scores.map(({ branchId }) => branchId)).toEqual(['delivery', 'account']);
  });

  it('rejects for a set that was not prepared or was released, and for an aborted signal', async () => {
    const scorer = new NgramScorer();
    await scorer.prepareAll([{ setId: 'shop', candidates: english }]);
    await expect(scorer.score('other', 'hi', [], signal)).rejects.toThrow('"other" was not prepared');
    await expect(scorer.score('shop', 'hi', [], AbortSignal.abort())).rejects.toThrow('aborted');
    scorer.release('shop');
    scorer.release('shop');
    expect(scorer.size).toBe(0);
    await expect(scorer.score('shop', 'hi', [], signal)).rejects.toThrow('was not prepared');
  });

  it('lets others go on while it reads the examples of a large tree', async () => {
    const pauses: number[] = [];
    const scorer = new NgramScorer(() => Promise.resolve(void pauses.push(scorer.size)));
    const sets = [0, 1].map((set) => ({
      setId: `node${set}`,
      candidates: [{ id: 'a', examples: Array.from({ length: 400 }, (_, i) => `example ${set} ${i}`) }],
    }));
    await scorer.prepareAll(sets);
    // While gathering, while counting words, and before each set.
    expect(pauses).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect(await scorer.score('node1', 'example 1 7', ['a'], signal)).toHaveLength(1);
  });
});

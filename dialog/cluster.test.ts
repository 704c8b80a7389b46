import { describe, expect, test } from 'vitest';

import { dialogLimits } from '../config/limits.js';
import { clusterSentences, type WeightedSentence } from './cluster.js';

const passwords = [
  'i would like to change my password',
  'give me a new password please',
  'can i reset the password',
  'the password does not work any more',
];
const moves = ['we are moving to a new flat', 'moving next month what do i do', 'i am moving house'];
const 搬家 = ['我要搬家', '下个月搬家要移机', '搬家了宽带怎么移'];

const once = (texts: readonly string[]): WeightedSentence[] => texts.map((text) => ({ text, turns: 1 }));

/** Groups by their sentences, each sorted. */
function groups(sentences: readonly WeightedSentence[]): string[][] {
  return clusterSentences(sentences, ['pay my bill', 'my internet is down']).map(({ members }) =>
    members.map((i) => sentences[i]?.text ?? '').sort(),
  );
}

describe('sentences in groups', () => {
  test('are together when they are about one thing, in both languages', () => {
    const found = groups(once([...passwords, ...搬家, ...moves]));
    expect(found).toContainEqual([...passwords].sort());
    expect(found).toContainEqual([...搬家].sort());
    expect(found).toContainEqual([...moves].sort());
  });

  test('are the same groups in whatever order they come', () => {
    const all = once([...passwords, ...moves, ...搬家, 'purple cactus', 'tell me a joke']);
    const expected = groups(all);
    for (let shift = 1; shift < all.length; shift++)
      expect(groups([...all.slice(shift), ...all.slice(0, shift)])).toEqual(expected);
    expect(groups([...all].reverse())).toEqual(expected);
  });

  test('begin with the largest, and a group with its most frequent', () => {
    const sentences = [
      ...once(moves),
      { text: 'purple cactus', turns: 9 },
      { text: 'new password', turns: 2 },
    ];
    const [first, second] = clusterSentences(sentences, []);
    expect(first?.members).toEqual([3]);
    expect(second?.members).toHaveLength(3);
  });

  test('show near-duplicates once, the most frequent of them, and not more than the bound', () => {
    const words = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');
    const sentences = [
      { text: 'please cancel the contract now', turns: 1 },
      { text: 'please cancel the contracts now', turns: 3 },
      ...once(words.map((word) => `send the password ${word} to ${[...word].reverse().join('')}`)),
    ];
    const clusters = clusterSentences(sentences, []);
    const contract = clusters.find(({ members }) => members.includes(0));
    expect(contract).toMatchObject({ members: [1, 0], distinct: [1] });
    const passwordGroup = clusters.find(({ members }) => members.includes(2));
    expect(passwordGroup?.members.length).toBe(words.length);
    expect(passwordGroup?.distinct.length).toBe(dialogLimits.clusterExamples);
  });

  test('are none for none, and stay alone where they are like nothing', () => {
    expect(clusterSentences([], [])).toEqual([]);
    expect(groups(once(['purple cactus', '', 'xyz']))).toHaveLength(3);
  });

  test('are not more than the bound of leaders: what comes after them stays alone', () => {
    const strange = Array.from({ length: dialogLimits.clusterLeaders }, (_, i) => ({
      text: String.fromCodePoint(0x3400 + i),
      turns: 2,
    }));
    const alike = once(['龘龘', '龘龘龘']);
    const clustersOf = (count: number) =>
      clusterSentences([...alike, ...strange.slice(0, count)], []).filter(({ members }) =>
        members.includes(0),
      );
    expect(clustersOf(strange.length - 1)).toMatchObject([{ members: [0, 1] }]);
    expect(clustersOf(strange.length)).toMatchObject([{ members: [0] }]);
  });
});

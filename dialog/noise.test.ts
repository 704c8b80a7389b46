import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../config/random.js';
import { loadTree } from './load.js';
import { Mishearing } from './noise.js';
import { homophonesOf } from './pinyin.js';

const { tree } = loadTree(
  `tree: t
start: menu
fallback: bye
nodes:
  menu:
    listen:
      branches:
        - { id: bill, go: bye, examples: [pay my bill, the bell rings, 查账单, 这个月多少钱] }
        - { id: fault, go: bye, examples: [it is broken, my line is dead, 网断了, 上不了网] }
  bye: { end: {} }
`,
  't.yaml',
);
if (!tree) throw new Error('the tree of this test does not load');
const mishearing = new Mishearing(tree);
const always = (): number => 0;

describe('Mishearing', () => {
  it('leaves a sentence alone at rate 0', () => {
    expect(mishearing.of('pay my bill 查账单', 0, always)).toBe('pay my bill 查账单');
  });

  it('takes Chinese characters for homophones', () => {
    const heard = mishearing.of('账单', 1, always);
    expect([...heard].map((character, i) => homophonesOf('账单'.charAt(i)).includes(character))).toEqual([
      true,
      true,
    ]);
    expect(heard).not.toBe('账单');
  });

  it('takes English words for words of the tree that sound alike, or loses a part', () => {
    expect(mishearing.of('Bill', 1, always)).toBe('bell');
    expect(mishearing.of('eau', 1, always)).toBe('');
    expect(mishearing.of('umbrella', 1, always)).toBe('umbrell');
  });

  it('mishears as often as it is told', () => {
    const random = new SeededRandom(3);
    const text = 'umbrella '.repeat(1_000).trim();
    const wrong = mishearing
      .of(text, 0.3, () => random.next())
      .split(' ')
      .filter((word) => word !== 'umbrella');
    expect(wrong.length).toBeGreaterThan(250);
    expect(wrong.length).toBeLessThan(350);
  });
});

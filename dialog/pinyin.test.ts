import { describe, expect, it } from 'vitest';
import { homophonesOf, pinyinOf } from './pinyin.js';

describe('pinyinOf', () => {
  it.each([
    ['账', 'zhang'],
    ['幺', 'yi'],
    ['女', 'nv'],
    ['网', 'wang'],
    ['二', 'er'],
  ])('reads %s as %s', (character, syllable) => expect(pinyinOf(character)).toBe(syllable));

  it.each(['a', '', '，', '龘', '账单'])('has no reading for %j', (text) =>
    expect(pinyinOf(text)).toBeNull(),
  );
});

describe('homophonesOf', () => {
  it.each([
    ['账', '帐'],
    ['费', '非'],
    ['一', '幺'],
    ['在', '再'],
  ])('%s may be heard as %s and the other way round', (one, other) => {
    expect(homophonesOf(one)).toContain(other);
    expect(homophonesOf(other)).toContain(one);
  });

  it('never gives the character itself, and nothing for what it does not know', () => {
    expect(homophonesOf('账')).not.toContain('账');
    expect(homophonesOf('x')).toEqual([]);
  });
});

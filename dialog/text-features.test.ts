import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { forEachFeature, normalizeUtterance } from './text-features.js';

function features(text: string): string[] {
  const found: string[] = [];
  forEachFeature(normalizeUtterance(text), (feature) => found.push(feature));
  return found;
}

describe('normalizeUtterance', () => {
  it.each([
    ['  Hello,   WORLD! ', 'hello world'],
    ["I can't", 'i cant'],
    ['ＡＢＣ１２３', 'abc123'],
    ['您好，世界！', '您好 世界'],
    ['…?!', ''],
    ['', ''],
  ])('%j becomes %j', (text, normalized) => expect(normalizeUtterance(text)).toBe(normalized));

  it('cuts at the bound on utterances', () => {
    expect(normalizeUtterance('a'.repeat(dialogLimits.utteranceCharacters + 1))).toHaveLength(
      dialogLimits.utteranceCharacters,
    );
  });
});

describe('forEachFeature', () => {
  it('gives one and two Han characters and pairs of syllables, not across punctuation', () => {
    const grams = features('网断了。好').filter((feature) => !feature.startsWith('#'));
    expect(grams).toEqual(['网', '断', '网断', '~wang duan', '了', '断了', '~duan le', '好']);
  });

  it('gives words, word pairs and edge-marked character grams', () => {
    expect(features('pay it')).toEqual(
      expect.arrayContaining(['=pay', '=pay it', '=it', ' p', 'pa', ' pay', 'it ', ' it ']),
    );
  });

  it.each([
    ['buying', 'purchase'],
    ['查询', '看一下'],
    ['账单', '话费'],
  ])('gives %s and %s the same group', (one, other) => {
    const groupsOf = (text: string) => features(text).filter((feature) => feature.startsWith('#'));
    expect(groupsOf(one)).toEqual(groupsOf(other));
    expect(groupsOf(one)).toHaveLength(1);
  });

  it('gives homophones the same pair of syllables', () => {
    const pairs = (text: string) => features(text).filter((feature) => feature.startsWith('~'));
    expect(pairs('账单')).toEqual(pairs('帐单'));
  });

  it('counts words of grammar about half', () => {
    const shares = new Map<string, number>();
    forEachFeature('the parcel', (feature, share) => shares.set(feature, share));
    expect(shares.get('=the')).toBeLessThan(shares.get('=parcel') ?? 0);
  });

  it('reads the longest utterance in bounded work, whatever it holds', () => {
    for (const unit of ['a', '我', 'ab ', '我a', "'", '𠀀']) {
      const long = unit.repeat(dialogLimits.utteranceCharacters);
      expect(features(long).length).toBeLessThan(dialogLimits.utteranceCharacters * 5);
    }
  });

  it('keeps a word apart from the same characters inside another', () => {
    expect(features('payment')).toContain('pay');
    expect(features('payment')).not.toContain('=pay');
  });

  it('takes mixed scripts run by run', () => {
    expect(features('wifi断了')).toEqual(expect.arrayContaining(['=wifi', '断', '断了']));
  });
});

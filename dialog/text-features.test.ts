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
  it('gives one and two Han characters, not across punctuation', () => {
    expect(features('网断了。好')).toEqual(['网', '断', '网断', '了', '断了', '好']);
  });

  it('gives words, word pairs and edge-marked character grams', () => {
    expect(features('pay it')).toEqual(
      expect.arrayContaining(['=pay', '=pay it', '=it', ' p', 'pa', ' pay ', 'it ', ' it ']),
    );
  });

  it('keeps a word apart from the same characters inside another', () => {
    expect(features('payment')).toContain('pay');
    expect(features('payment')).not.toContain('=pay');
  });

  it('takes mixed scripts run by run', () => {
    expect(features('wifi断了')).toEqual(expect.arrayContaining(['=wifi', '断', '断了']));
  });
});

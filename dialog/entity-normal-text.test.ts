import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { NormalText } from './entity-normal-text.js';

describe('NormalText', () => {
  it.each([
    ['ＡＢＣ１２３', 'abc123'],
    ['兩萬個', '两万个'],
    ['12，345', '12，345'],
    ['3．5', '3.5'],
    ['½', '1⁄2'],
    ['e\u0301', 'é'],
    ['İ', 'i̇'],
    ['😀', '😀'],
  ])('%j reads %j', (text, normal) => expect(new NormalText(text).text).toBe(normal));

  it('finds the original of a part, though folding changed lengths before it', () => {
    const normal = new NormalText('㍘ﬃ😀三个');
    const start = normal.text.indexOf('三');
    expect(normal.span(start, start + 1)).toEqual({ start: 4, end: 5, raw: '三' });
  });

  it.each([
    ['½', 0, 1],
    ['½', 2, 3],
    ['😀', 0, 1],
    ['abc', 1, 1],
  ])('part of one character of %j has no original', (text, start, end) => {
    expect(new NormalText(text).span(start, end)).toBeNull();
  });

  it('is cut at the bound on utterances', () => {
    expect(new NormalText('x'.repeat(100_000)).text.length).toBe(dialogLimits.utteranceCharacters);
  });
});

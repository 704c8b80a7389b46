import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { luminance, parseColour, readableOn } from './colour.js';
import { readPageOptions } from './page-options.js';
import { fill, localeFor, textsFor } from './texts.js';
import { Times } from './times.js';

describe('colours', () => {
  test.each([
    ['#2357D8', '#2357d8'],
    ['#abc', '#aabbcc'],
    ['red', null],
    ['#12', null],
    ['#123456; background: url(x)', null],
    [null, null],
  ])('%s', (text, colour) => {
    expect(parseColour(text)).toBe(colour);
  });

  test.each([
    ['#ffff00', '#000000'],
    ['#2357d8', '#ffffff'],
    ['#000000', '#ffffff'],
    ['#ffffff', '#000000'],
  ])('on %s, %s is read better', (colour, text) => {
    expect(readableOn(colour)).toBe(text);
  });
});

describe('what the address asks for', () => {
  test('nothing', () => {
    expect(readPageOptions('')).toEqual({
      embedded: false,
      title: null,
      tree: null,
      colour: null,
      siteTokens: false,
    });
  });

  test('all', () => {
    expect(readPageOptions('?embed=1&title=Help%20<b>&tree=billing.v2&colour=%230a0&token=1')).toEqual({
      embedded: true,
      title: 'Help <b>',
      tree: 'billing.v2',
      colour: '#00aa00',
      siteTokens: true,
    });
  });

  test('what is out of bounds is left out', () => {
    const options = readPageOptions(`?tree=${'x'.repeat(65)}&title=${'y'.repeat(100)}&colour=blue`);
    expect([options.tree, options.title?.length, options.colour]).toEqual([null, 60, null]);
  });
});

describe('texts', () => {
  test.each([
    [['zh-CN', 'en'], 'zh-CN'],
    [['zh'], 'zh-CN'],
    [['en-GB', 'zh'], 'en'],
    [['fr', 'zh-TW'], 'zh-CN'],
    [['fr', 'de'], 'en'],
    [[], 'en'],
  ])('for %j are %s', (languages, language) => {
    expect(textsFor(languages).language).toBe(language);
  });

  test('both languages have the same texts, none empty, with the same places', () => {
    const shape = (value: unknown): unknown => {
      if (typeof value === 'string') return value === '' ? 'empty' : (value.match(/\{\w+\}/g) ?? []);
      return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, shape(inner)]));
    };
    expect(shape(textsFor(['zh']))).toEqual(shape(textsFor(['en'])));
  });

  test.each([
    [['en-GB', 'zh'], 'en-GB'],
    [['fr', 'en-AU'], 'en-AU'],
    [['fr'], 'en'],
    [['zh-TW'], 'zh-TW'],
  ])('for %j times are written as in %s', (languages, locale) => {
    expect(localeFor(textsFor(languages), languages)).toBe(locale);
  });

  test('what is put in is put in once, and unknown places stay', () => {
    expect(fill('{n} of {m}: {x}', { n: '{m}', m: 2 })).toBe('{m} of 2: {x}');
  });
});

describe('times', () => {
  const nowMs = Date.UTC(2026, 2, 1, 0, 30);
  const times = new Times(textsFor(['en']), 'en-GB', () => nowMs, 'UTC');
  test.each([
    [nowMs, /^Today$/],
    [nowMs - 3_600_000, /^Yesterday$/],
    [Date.UTC(2026, 1, 20, 12), /^Friday,? 20 February$/],
    [Date.UTC(2024, 1, 20, 12), /20 February 2024$/],
  ])('the day of %i', (atMs, label) => {
    expect(times.dayLabel(atMs)).toMatch(label);
  });

  test('a day ends at midnight of the zone', () => {
    const elsewhere = new Times(textsFor(['en']), 'en-GB', () => nowMs, 'Asia/Shanghai');
    const evening = Date.UTC(2026, 1, 28, 17);
    expect([times.dayLabel(evening), elsewhere.dayLabel(evening)]).toEqual(['Yesterday', 'Today']);
  });
});

describe('colours of the style sheet are read well (WCAG 2.2, 1.4.3: 4.5 to 1)', () => {
  const css = readFileSync(new URL('../../../console/chat/chat.css', import.meta.url), 'utf8');
  const [light = '', dark = ''] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, inside]) => inside);
  const colourIn = (theme: string, name: string): string =>
    new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(theme)?.[1] ?? '';

  const pairs = ['text', 'quiet', 'link', 'bad'].flatMap((text) =>
    ['back', 'surface', 'bubble'].map((back) => [text, back] as const),
  );
  test.each([...pairs, ['on-accent', 'accent'] as const])('%s on %s', (text, back) => {
    expect(contrast(colourIn(light, text), colourIn(light, back))).toBeGreaterThanOrEqual(4.5);
    const darkText = colourIn(dark, text) === '' ? colourIn(light, text) : colourIn(dark, text);
    expect(contrast(darkText, colourIn(dark, back))).toBeGreaterThanOrEqual(4.5);
  });
});

function contrast(one: string, two: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(two)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

import { englishTeens, englishTens, englishUnits } from './digits-en.js';

/** The numbers that dates, times and durations are made of, in the two languages, from 0 to 9999. */

const zhDigits = '零〇一二两三四五六七八九';
const zhValues: ReadonlyMap<string, number> = new Map(
  [...zhDigits].map((character) => [
    character,
    [0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9][zhDigits.indexOf(character)] ?? 0,
  ]),
);

/** A Chinese or written number; for use inside a larger pattern. */
export const zhNumber = '(?:\\d{1,4}|[零〇一二两三四五六七八九十百廿卅]{1,6})';

/** The value of what `zhNumber` matched, or null: 二十三 is 23, 二零二六 is 2026. */
export function readZhNumber(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  const plain = text.replace('廿', '二十').replace('卅', '三十');
  if (!/[十百]/.test(plain)) {
    const digits = [...plain].map((character) => zhValues.get(character));
    return digits.length > 4 || digits.includes(undefined) ? null : Number(digits.join(''));
  }
  const [, hundreds = '', rest = plain] = /^(.?)百零?(.*)$/.exec(plain) ?? [];
  const [, tens, units = rest] = /^(.?)十(.?)$/.exec(rest) ?? [];
  const value = (character: string): number =>
    character === '' ? 0 : (zhValues.get(character) ?? Number.NaN);
  const ten = tens === undefined ? 0 : tens === '' ? 10 : 10 * value(tens);
  const total = 100 * value(hundreds) + ten + (units.length > 1 ? Number.NaN : value(units));
  return Number.isNaN(total) ? null : total;
}

const small = [...englishUnits, ...englishTeens];
const ordinals = [
  ...[
    'first',
    'second',
    'third',
    'fourth',
    'fifth',
    'sixth',
    'seventh',
    'eighth',
    'ninth',
    'tenth',
    'eleventh',
  ],
  ...[
    'twelfth',
    'thirteenth',
    'fourteenth',
    'fifteenth',
    'sixteenth',
    'seventeenth',
    'eighteenth',
    'nineteenth',
  ],
];
const values: ReadonlyMap<string, number> = new Map([
  ...small.map((word, i) => [word, i] as const),
  ...englishTens.map((word, i) => [word, 20 + 10 * i] as const),
  ...ordinals.map((word, i) => [word, i + 1] as const),
  ['twentieth', 20] as const,
  ['thirtieth', 30] as const,
]);
const longestFirst = (words: readonly string[]): string =>
  [...words].sort((a, b) => b.length - a.length).join('|');

/** A number in figures or words up to 99. */
export const enNumber = `(?:\\d{1,4}|(?:${longestFirst(englishTens)})(?:[ -](?:${longestFirst(englishUnits.slice(1))}))?|(?:${longestFirst(small)}))`;

/** An ordinal number in figures or words up to 39. */
export const enOrdinal = `(?:\\d{1,2}(?:st|nd|rd|th)|(?:twenty|thirty)[ -](?:${longestFirst(ordinals.slice(0, 9))})|twentieth|thirtieth|(?:${longestFirst(ordinals)}))`;

/** The value of what `enNumber` or `enOrdinal` matched, or null. */
export function readEnNumber(text: string): number | null {
  const [, figures] = /^(\d+)(?:st|nd|rd|th)?$/.exec(text) ?? [];
  if (figures !== undefined) return Number(figures);
  let total = 0;
  for (const word of text.split(/[ -]/)) {
    const value = values.get(word);
    if (value === undefined) return null;
    total += value;
  }
  return total;
}

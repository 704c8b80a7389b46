import { isChinese, isEnglish } from '../grammar/tokenize.js';
import { cardinalWords, digitWords, englishYear, ordinalWords } from './number-words.js';

interface DateParts {
  y?: string;
  m?: string;
  d?: string;
}

const months = 'January February March April May June July August September October November December'.split(
  ' ',
);

/**
 * A date as it is spoken in English or Chinese, or null where the text is no such date.
 *
 * `format` is a string of the letters y, m, d in the order of the text (`mdy`); without it the text is
 * `yyyy-mm-dd`, or VoiceXML's `yyyymmdd` with `?` for what is not known.
 */
export function dateWords(text: string, format: string, language: string): string | null {
  const parts = datePartsByFormat(text, format) ?? datePartsByShape(text);
  if (parts === null || !isDate(parts)) return null;
  if (isChinese(language)) return chineseDate(parts, language);
  return isEnglish(language) ? englishDate(parts, language) : null;
}

function datePartsByFormat(text: string, format: string): DateParts | null {
  const letters = format.toLowerCase();
  if (!/^[ymd]{1,3}$/.test(letters)) return null;
  const numbers = text.match(/\d+/g) ?? [];
  if (numbers.length !== letters.length) return null;
  const parts: DateParts = {};
  for (const [index, letter] of [...letters].entries()) {
    const number = numbers[index] ?? '';
    if (letter === 'y') parts.y = number;
    else if (letter === 'm') parts.m = number;
    else parts.d = number;
  }
  return parts;
}

function datePartsByShape(text: string): DateParts | null {
  const match =
    /^\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*$/.exec(text) ??
    /^\s*([\d?]{4})([\d?]{2})([\d?]{2})\s*$/.exec(text);
  if (match === null) return null;
  const known = (part: string | undefined): string | undefined => (part?.includes('?') ? undefined : part);
  const [y, m, d] = match.slice(1).map(known);
  return { ...(y && { y }), ...(m && { m }), ...(d && { d }) };
}

function isDate({ y, m, d }: DateParts): boolean {
  const within = (part: string | undefined, most: number): boolean =>
    part === undefined || (Number(part) >= 1 && Number(part) <= most);
  return (y ?? m ?? d) !== undefined && within(y, 9_999) && within(m, 12) && within(d, 31);
}

function chineseDate({ y, m, d }: DateParts, language: string): string {
  const number = (part: string): string => cardinalWords(part, language) ?? part;
  return (
    (y === undefined ? '' : `${digitWords(y, language)}年`) +
    (m === undefined ? '' : `${number(m)}月`) +
    (d === undefined ? '' : `${number(d)}日`)
  );
}

function englishDate({ y, m, d }: DateParts, language: string): string {
  const month = m === undefined ? '' : (months[Number(m) - 1] ?? '');
  const day = d === undefined ? '' : (ordinalWords(String(Number(d)), language) ?? '');
  const date = [month, day].filter((part) => part !== '').join(' ');
  if (y === undefined) return date;
  const year = englishYear(Number(y));
  return date === '' ? year : day === '' ? `${date} ${year}` : `${date}, ${year}`;
}

/**
 * A time of day as it is spoken in English or Chinese, or null where the text is no such time.
 *
 * Taken are `14:30`, `2:30:05 pm` and VoiceXML's `hhmmx` (x: a, p, h for 24 hours, ? for unknown).
 */
export function timeWords(text: string, language: string): string | null {
  const match =
    /^\s*(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s*(?:([ap])\.?\s?m\.?)?\s*$/i.exec(text) ??
    /^\s*(\d{2})(\d{2})()([aph?])?\s*$/i.exec(text);
  if (match === null) return null;
  const [, hourText = '', minuteText = '', secondText = '', half = ''] = match;
  const [hour, minute, second] = [Number(hourText), Number(minuteText), Number(secondText)];
  if (hour > 24 || minute > 59 || second > 59) return null;
  const seconds = secondText === '' ? null : second;
  if (isChinese(language)) return chineseTime(hour, minute, seconds, half.toLowerCase(), language);
  return isEnglish(language) ? englishTime(hour, minute, seconds, half.toLowerCase(), language) : null;
}

function chineseTime(
  hour: number,
  minute: number,
  second: number | null,
  half: string,
  language: string,
): string {
  const number = (value: number): string => cardinalWords(String(value), language) ?? '';
  const padded = (value: number): string => (value < 10 && value > 0 ? `零${number(value)}` : number(value));
  const prefix = half === 'a' ? '上午' : half === 'p' ? '下午' : '';
  const hours = `${prefix}${hour === 2 ? '两' : number(hour)}点`;
  if (second !== null) return `${hours}${padded(minute)}分${padded(second)}秒`;
  return minute === 0 ? `${hours}整` : `${hours}${padded(minute)}分`;
}

function englishTime(
  hour: number,
  minute: number,
  second: number | null,
  half: string,
  language: string,
): string {
  const number = (value: number): string => cardinalWords(String(value), language) ?? '';
  const afternoon = half === 'p' || (half !== 'a' && hour > 12 && hour < 24);
  const morning = half === 'a' || hour === 0 || hour === 24;
  const shown = hour % 12 === 0 ? 12 : hour % 12;
  const minutes =
    minute === 0
      ? afternoon || morning
        ? ''
        : "o'clock"
      : minute < 10
        ? `oh ${number(minute)}`
        : number(minute);
  const seconds = second === null || second === 0 ? '' : `and ${number(second)} seconds`;
  const suffix = morning ? 'a m' : afternoon ? 'p m' : '';
  return [number(shown), minutes, seconds, suffix].filter((part) => part !== '').join(' ');
}

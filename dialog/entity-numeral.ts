import type { NormalText } from './entity-normal-text.js';
import { readEnglish, readEnglishTail } from './entity-numeral-en.js';
import { cardinal, noOneValue, type Numeral, type NumeralReading } from './entity-numeral-reading.js';
import { chineseGroups, chineseUnits, idiomsByFirst } from './entity-numeral-words.js';
import { readChinese } from './entity-numeral-zh.js';

const writtenNumber = /(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?|\.\d+/y;
/** A clock, a date, a version, a range: digits that are no number. */
const writtenRun = /[.:/~-]\d[\d.:/~-]*/y;
const phoneGroups = /(?:[ -]\d+)+/y;
const ordinalEnding = /(?:st|nd|rd|th)(?![a-z])/y;
const multiplier = /[kw](?![a-z\d])/y;
/** What may be written against a number without making it a name (`4g`, `3d`). */
const glued = /(?:kg|km|cm|mm|ml|gb|mb|usd|eur|gbp|rmb|cny|yuan|dollars?|cents?|bucks?|percent)(?![a-z])/y;
const latinRun = /[a-z\d]+/y;
/** `this one` and `one moment` count nothing. */
const pronounBefore =
  /(?:^|[^a-z])(?:this|that|which|no|any|some|every|each|the|another|other|first|second|third|last|next|good|right)[ -]$/;
const pronounAfter = /^ (?:moment|second|sec|of|thing|another|by|day|time|way)\b/;
const longestWritten = 16;

/**
 * Every numeral of a text, in order and without overlaps, those without one value among them (so that nobody reads a part
 * of them).
 */
export function findNumerals(normal: NormalText): readonly Numeral[] {
  const { text } = normal;
  const found: Numeral[] = [];
  for (let at = 0; at < text.length;) {
    const idiom = idiomAt(text, at);
    const reading = idiom === 0 ? numeralAt(text, at) : null;
    if (reading) found.push({ ...reading, start: at });
    at = reading ? reading.end : at + Math.max(1, idiom);
  }
  return found;
}

/** The length of the words at a place that only look like a numeral; 0 when there are none. */
export function idiomAt(text: string, at: number): number {
  if (text.startsWith('十分', at) && !/[之钟钱零]/.test(text.charAt(at + 2))) return 2;
  const idioms = idiomsByFirst.get(text.charAt(at)) ?? [];
  return idioms.find((idiom) => text.startsWith(idiom, at))?.length ?? 0;
}

function numeralAt(text: string, at: number): NumeralReading | null {
  const first = text.charAt(at);
  const before = text.charAt(at - 1);
  const signed = (first === '-' || first === '−') && !/[\p{L}\p{N}]/u.test(before);
  if (signed && /[\d.]/.test(text.charAt(at + 1))) return negated(readWritten(text, at + 1));
  if (/\d/.test(first) || (first === '.' && !/[\p{L}\p{N}.]/u.test(before))) return readWritten(text, at);
  if (/[a-z]/.test(first)) return /[a-z\d'’]/.test(before) ? null : readWords(text, at);
  return readChinese(text, at);
}

function negated(reading: NumeralReading | null): NumeralReading | null {
  return reading && { ...reading, value: reading.value === null ? null : -reading.value };
}

function readWords(text: string, at: number): NumeralReading | null {
  const reading = readEnglish(text, at);
  if (!reading?.light || !text.startsWith('one', at)) return reading;
  const pronoun = pronounBefore.test(text.slice(Math.max(0, at - 12), at));
  return pronoun || pronounAfter.test(text.slice(reading.end, reading.end + 12)) ? null : reading;
}

/** A number that begins with written digits, and what multiplies it. */
function readWritten(text: string, at: number): NumeralReading | null {
  const written = matchAt(writtenNumber, text, at);
  if (written === null) return null;
  const end = at + written.length;
  if (/[a-z]/.test(text.charAt(at - 1))) return noOneValue(end + lengthOf(latinRun, text, end));
  const run = lengthOf(writtenRun, text, end);
  if (run > 0) return noOneValue(end + run);
  const group = lengthOf(phoneGroups, text, end);
  if (isGrouped(text.slice(at, end + group))) return noOneValue(end + group);
  const next = text.charAt(end);
  if (/[十百千万亿几点多余来个斤年]/.test(next) || chineseUnits.has(next) || chineseGroups.has(next)) {
    const mixed = readChinese(text, at);
    if (mixed) return mixed;
  }
  return readSuffix(text, written, end);
}

/** Digits in groups: of a telephone number, or of 10 000, which might also be a list. */
function isGrouped(text: string): boolean {
  return /\d[ -]/.test(text) && (text.replace(/\D/g, '').length >= 7 || /^\d{1,3}(?: \d{3})+$/.test(text));
}

function readSuffix(text: string, written: string, end: number): NumeralReading {
  const value = Number(written.replaceAll(',', ''));
  if (written.length > longestWritten || value > Number.MAX_SAFE_INTEGER) return noOneValue(end);
  const digits = /^0\d/.test(written) && /^\d+$/.test(written) ? written : null;
  const reading = { ...cardinal(value, end), digits };
  const ordinal = lengthOf(ordinalEnding, text, end);
  if (ordinal > 0) return { ...reading, ordinal: true, end: end + ordinal };
  const letter = matchAt(multiplier, text, end);
  if (letter !== null) return cardinal(Number(`${value}e${letter === 'k' ? 3 : 4}`), end + 1);
  if (/[a-z]/.test(text.charAt(end)) && lengthOf(glued, text, end) === 0) {
    return noOneValue(end + lengthOf(latinRun, text, end));
  }
  return readEnglishTail(text, reading);
}

function lengthOf(pattern: RegExp, text: string, at: number): number {
  return matchAt(pattern, text, at)?.length ?? 0;
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

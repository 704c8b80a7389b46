import {
  chineseCounters,
  chineseDigits,
  chineseGroups,
  chineseTens,
  chineseUnits,
} from './entity-numeral-words.js';
import { cardinal, noOneValue, type NumeralReading } from './entity-numeral-reading.js';

/** More than any numeral has; a longer run of digits is no number. */
const longestDigitString = 15;
const writtenInteger = /\d{1,3}(?:,\d{3})+(?![\d,])|\d+/y;
const writtenNumber = /(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?/y;
const approximation = /[几多余]|来(?=[个位张份块岁天人次件年万亿元])/y;
const approximateLater = /[^\d\p{P}\s]{0,2}?(?:左右|上下|出头|开外|不到)/uy;

/**
 * The Chinese numeral at a place of a normal text, written digits among it (2万3千), or null.
 *
 * Knows colloquial tails (两万三 is 23000), 半, 点, 负, digit by digit (二零二六), fractions (三分之一) and ratios
 * (百分之十五). Numerals without one value (三十几, 七八个) have the value null.
 */
export function readChinese(text: string, at: number): NumeralReading | null {
  const ratio = readRatio(text, at);
  if (ratio) return ratio;
  return /[几数百千]/.test(text.charAt(at)) ? readUncounted(text, at) : readSigned(text, at);
}

function readSigned(text: string, at: number): NumeralReading | null {
  const sign = text.charAt(at) === '负' ? 1 : text.startsWith('零下', at) ? 2 : 0;
  const negative = sign > 0;
  const base = readUnsigned(text, at + sign);
  if (!base) return null;
  const whole = withHalf(text, inHundredMillions(text, withDenominator(text, base)));
  const value = whole.value !== null && negative ? -whole.value : whole.value;
  return withoutApproximation(text, { ...whole, value });
}

/** 百分之十五 is 15 per 100, 百分百 is 100 per 100. */
function readRatio(text: string, at: number): NumeralReading | null {
  const per = { 百: 100, 千: 1000, 万: 10_000 }[text.charAt(at)];
  if (per === undefined || text.charAt(at + 1) !== '分') return null;
  if (text.startsWith('百分百', at) || text.startsWith('百分之百', at)) {
    return { ...cardinal(100, at + (text.charAt(at + 2) === '之' ? 4 : 3)), per: 100 };
  }
  if (text.charAt(at + 2) !== '之') return null;
  const amount = readSigned(text, at + 3) ?? readWritten(text, at + 3);
  return amount && { ...amount, per, light: false };
}

/** 几十, 几百万, 数十, 百八十: how many nobody knows. */
function readUncounted(text: string, at: number): NumeralReading | null {
  if (chineseUnits.has(text.charAt(at))) {
    const roughly = chineseDigits.has(text.charAt(at + 1)) && chineseUnits.has(text.charAt(at + 2));
    return roughly && text.charAt(at) !== '十' ? noOneValue(at + 3) : readSigned(text, at);
  }
  const end = skipUnits(text, at + 1);
  return end > at + 1 || text.charAt(at) === '几' ? noOneValue(end) : null;
}

function readUnsigned(text: string, at: number): NumeralReading | null {
  const run = digitRun(text, at);
  if (run.length >= 2) return readDigitString(text, at, run);
  const first = text.charAt(at);
  if (first === '半') return { ...cardinal(0.5, at + 1), light: true };
  if (first === '幺') return null;
  if (first === '一' && text.charAt(at + 1) === '半') return cardinal(0.5, at + 2);
  if (first === '俩' || first === '仨') return cardinal(first === '俩' ? 2 : 3, at + 1);
  return readDecimalGroup(text, at) ?? readSum(text, at);
}

function digitRun(text: string, at: number): string {
  let run = '';
  for (let i = at; i < text.length; i++) {
    const digit = chineseDigits.get(text.charAt(i));
    if (digit === undefined) break;
    run += String(digit);
  }
  return run;
}

function readDigitString(text: string, at: number, digits: string): NumeralReading {
  const end = at + digits.length;
  const [first, second] = [Number(digits[0]), Number(digits[1])];
  const neighbours = first > 0 && (second === first + 1 || digits === '35') && text.charAt(at) !== '幺';
  // 七八个, 两三百: one or the other.
  if (digits.length === 2 && neighbours) return noOneValue(skipUnits(text, end));
  if (digits.length > longestDigitString) return noOneValue(end);
  const fraction = fractionAt(text, end);
  if (fraction !== '') {
    return { ...cardinal(Number(`${digits}.${fraction}`), end + 1 + fraction.length), digits: null };
  }
  return { ...cardinal(Number(digits), end), digits };
}

/** 1.5万, 三点五亿, 二点五百万: a decimal in front of units. Also 三点五 alone. */
function readDecimalGroup(text: string, at: number): NumeralReading | null {
  const written = match(writtenNumber, text, at);
  const whole = written ?? digitRun(text, at).slice(0, 1);
  if (whole === '') return null;
  const after = at + whole.length;
  const plain = whole.replaceAll(',', '');
  const fraction = plain.includes('.') ? '' : fractionAt(text, after);
  if (fraction === '' && !plain.includes('.')) return null;
  const end = fraction === '' ? after : after + 1 + fraction.length;
  const coefficient = fraction === '' ? plain : `${plain}.${fraction}`;
  const unitsEnd = skipUnits(text, end);
  return cardinal(Number(`${coefficient}e${zerosOf(text, end, unitsEnd)}`), unitsEnd);
}

/** The digits after 点; none when 点 is the hour: 三点五十, 三点五分. */
function fractionAt(text: string, at: number): string {
  if (text.charAt(at) !== '点') return '';
  const spoken = digitRun(text, at + 1);
  const digits = spoken === '' ? (match(/\d+/y, text, at + 1) ?? '') : spoken;
  const next = text.charAt(at + 1 + digits.length);
  const hour =
    next === '十' || next === '刻' || (next === '分' && text.charAt(at + 2 + digits.length) !== '之');
  return hour || digits.length > longestDigitString ? '' : digits;
}

function readSum(text: string, at: number): NumeralReading | null {
  const sum = new ChineseSum(at);
  for (let next = at; next < text.length;) {
    const taken = sum.take(text, next);
    if (taken === 0) break;
    next += taken;
  }
  const reading = alternatives(text, sum.finish());
  if (!reading || text.charAt(reading.end) !== '点' || reading.value === null) return reading;
  const fraction = fractionAt(text, reading.end);
  if (fraction === '') return reading;
  const end = reading.end + 1 + fraction.length;
  const unitsEnd = skipUnits(text, end);
  const value = Number(`${reading.value}.${fraction}e${zerosOf(text, end, unitsEnd)}`);
  return cardinal(value, unitsEnd);
}

/** 二十七八: twenty-seven or twenty-eight. */
function alternatives(text: string, reading: NumeralReading | null): NumeralReading | null {
  if (!reading) return null;
  const last = chineseDigits.get(text.charAt(reading.end - 1));
  const next = chineseDigits.get(text.charAt(reading.end));
  const either = last !== undefined && last > 0 && next === last + 1;
  return either ? noOneValue(skipUnits(text, reading.end + 1)) : reading;
}

/** Adds up 三万五千二百零一, one token at a time. */
class ChineseSum {
  #done = 0;
  #section = 0;
  /** The unit last read, which a single digit at the end continues; 0 before the first. */
  #lastUnit = 0;
  #unitBound = 10_000;
  #usedGroups = new Set<number>();
  #pending: { readonly value: number; readonly places: number } | null = null;
  #afterZero = false;
  #tokens = 0;
  #settledEnd: number;
  #end: number;
  readonly #start: number;
  #light = false;

  constructor(start: number) {
    this.#start = this.#settledEnd = this.#end = start;
  }

  /** Takes the token at a place; returns its length, or 0 when it does not continue the numeral. */
  take(text: string, at: number): number {
    const character = text.charAt(at);
    const written = match(writtenInteger, text, at);
    if (written !== null) return this.#digit(Number(written.replaceAll(',', '')), written.length, at);
    const digit = character === '幺' ? undefined : chineseDigits.get(character);
    if (digit === 0 && this.#lastUnit > 0) return this.#zero();
    if (digit !== undefined) {
      this.#light = character === '一' && this.#tokens === 0;
      return this.#digit(digit, 1, at);
    }
    const tens = chineseTens.get(character);
    if (tens !== undefined) return this.#digit(tens / 10, 1, at) && this.#unit(10, at);
    const unit = chineseUnits.get(character);
    if (unit !== undefined) return this.#unit(unit, at);
    const group = chineseGroups.get(character);
    return group === undefined ? 0 : this.#group(group, at);
  }

  finish(): NumeralReading | null {
    if (this.#tokens === 0) return null;
    if (this.#pending && this.#lastUnit > 0 && this.#pending.value >= this.#lastUnit) this.#dropPending();
    const value = this.#done + this.#section + this.#tail(this.#lastUnit);
    if (this.#end === this.#start || !Number.isSafeInteger(value)) return noOneValue(this.#end);
    return { ...cardinal(value, this.#end), light: this.#light && this.#tokens === 1 };
  }

  #digit(value: number, length: number, at: number): number {
    if (this.#pending) return 0;
    this.#pending = { value, places: String(value).length };
    this.#tokens++;
    this.#end = at + length;
    return length;
  }

  #zero(): number {
    if (this.#pending || this.#afterZero) return 0;
    this.#afterZero = true;
    return 1;
  }

  #unit(unit: number, at: number): number {
    const coefficient = this.#pending?.value ?? (unit === 10 ? 1 : 0);
    if (coefficient === 0 || unit >= this.#unitBound) return this.#dropPending();
    this.#section += coefficient * unit;
    this.#unitBound = unit;
    return this.#settle(unit, at);
  }

  #group(group: number, at: number): number {
    const amount = this.#section + this.#tail(this.#lastUnit < 10_000 ? this.#lastUnit : 0);
    const continues = group === 100_000_000 ? this.#done + amount > 0 : amount > 0;
    if (!continues || this.#usedGroups.has(group)) return this.#dropPending();
    if (group === 100_000_000) {
      this.#done = (this.#done + amount) * group;
      this.#usedGroups = new Set([group]);
    } else {
      this.#done += amount * group;
      this.#usedGroups.add(group);
    }
    this.#section = 0;
    this.#unitBound = 10_000;
    return this.#settle(group, at);
  }

  #settle(unit: number, at: number): number {
    this.#pending = null;
    this.#afterZero = false;
    this.#lastUnit = unit;
    this.#tokens++;
    this.#end = this.#settledEnd = at + 1;
    return 1;
  }

  #tail(unit: number): number {
    if (!this.#pending) return 0;
    const { value, places } = this.#pending;
    return unit >= 100 && places === 1 && !this.#afterZero ? (value * unit) / 10 : value;
  }

  /** 三百五百 are two numerals: the 五 belongs to the second. */
  #dropPending(): 0 {
    if (this.#lastUnit > 0) {
      this.#pending = null;
      this.#end = this.#settledEnd;
    }
    return 0;
  }
}

/** 三分之一. */
function withDenominator(text: string, reading: NumeralReading): NumeralReading {
  if (!text.startsWith('分之', reading.end) || !reading.value) return reading;
  const numerator = readUnsigned(text, reading.end + 2) ?? readWritten(text, reading.end + 2);
  if (!numerator || numerator.value === null) return reading;
  return cardinal(numerator.value / reading.value, numerator.end);
}

/** 三个亿. */
function inHundredMillions(text: string, reading: NumeralReading): NumeralReading {
  const { end, value } = reading;
  return text.startsWith('个亿', end) && value !== null ? cardinal(value * 100_000_000, end + 2) : reading;
}

/** 两个半 is 2.5; the counter belongs to it. */
function withHalf(text: string, reading: NumeralReading): NumeralReading {
  const { end, value } = reading;
  const half = chineseCounters.has(text.charAt(end)) && text.charAt(end + 1) === '半';
  return half && value !== null && Number.isInteger(value) ? cardinal(value + 0.5, end + 2) : reading;
}

function withoutApproximation(text: string, reading: NumeralReading): NumeralReading {
  const { end, value } = reading;
  const several = match(approximation, text, end);
  if (several !== null && value !== null && (value % 10 === 0 || several !== '几')) {
    return noOneValue(skipUnits(text, end + several.length));
  }
  const later = match(approximateLater, text, end);
  return later === null ? reading : noOneValue(end + later.length);
}

function readWritten(text: string, at: number): NumeralReading | null {
  const written = match(writtenNumber, text, at);
  return written === null ? null : cardinal(Number(written.replaceAll(',', '')), at + written.length);
}

function skipUnits(text: string, at: number): number {
  let end = at;
  while (chineseUnits.has(text.charAt(end)) || chineseGroups.has(text.charAt(end))) end++;
  return end;
}

/** Zeros that the units between two places stand for: 百万 six. */
function zerosOf(text: string, from: number, to: number): number {
  let zeros = 0;
  for (const character of text.slice(from, to)) {
    zeros += Math.log10(chineseUnits.get(character) ?? chineseGroups.get(character) ?? 1);
  }
  return Math.round(zeros);
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

import type { EntityContext, EntityForm, EntityType } from './entity.js';
import { isBare } from './entity-fillers.js';
import { isChinese, numberText, plainText } from './entity-format.js';
import { matchAt, toEntities, type Found } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import {
  inRange,
  isApproximate,
  isCertainQuantity,
  isQuantity,
  keysOfRange,
  numberFromKeys,
  type RangeOptions,
} from './entity-number.js';
import { findNumerals } from './entity-numeral.js';
import { cardinal, type Numeral } from './entity-numeral-reading.js';
import { chineseCounters } from './entity-numeral-words.js';
import type { Value } from './value.js';

const symbolBefore = /(?:人民币|rmb|cny|usd|eur|gbp|us\$|hk\$|[$€£¥])[ ]?$/;
const mainUnit =
  / ?(?:块钱|块(?!儿)|元钱|元整|元人民币|元|圆整|圆|人民币|美元|美金|欧元|英镑|港币|港元|日元|刀|[$€£¥]|(?:rmb|cny|yuan|kuai|dollars?|bucks?|pounds?(?! sterling)|pounds sterling|quid|euros?|usd|eur|gbp)(?![a-z]))/y;
const tenth = /毛钱|毛|角(?!度|落|色)/y;
const hundredth = /分钱|分(?![之钟机公店享期部])| ?(?:cents?|pence|penn(?:y|ies))(?![a-z])/y;
const clearHundredth = /分钱| ?(?:cents?|pence|penn(?:y|ies))(?![a-z])/y;
const joint = /零|又| and | /y;
const otherUnit = /^(?:[点月号日%折分秒度]|小时)/;
const vagueAfter = /多|来钱|来块|左右|上下|出头|不到| or so\b/y;
const article = /(?<![a-z'’])an?(?= (?:dollar|buck|pound|euro|quid|cent|penny)(?![a-z]))/g;

/** Amounts in the main unit (元, dollars): 二十三块五 is 23.5. The currency is that of the caller's business. */
export function moneyType(options: RangeOptions = {}): EntityType {
  return {
    name: 'money',
    find(original) {
      const normal = new NormalText(original);
      return toEntities(
        normal,
        findAmounts(normal).filter(({ value }) => typeof value === 'number' && inRange(value, options)),
      );
    },
    fromKeys(keys) {
      const value = numberFromKeys(keys);
      return value !== null && value === toCents(value) && inRange(value, options) ? value : null;
    },
    format: formatMoney,
    keyDigits: keysOfRange(options),
    spokenAsDigits: false,
  };
}

function findAmounts(normal: NormalText): Found[] {
  const { text } = normal;
  const numerals = [...findNumerals(normal), ...articles(text)].sort((a, b) => a.start - b.start);
  const reader = new AmountReader(text, numerals);
  const found: Found[] = [];
  for (let i = 0; i < numerals.length;) {
    const amount = reader.read(i);
    if (amount.found) found.push(amount.found);
    i = amount.next;
  }
  return found;
}

/** `a dollar`: the article counts. */
function articles(text: string): Numeral[] {
  return [...text.matchAll(article)].map(({ 0: word, index }) => ({
    ...cardinal(1, index + word.length),
    start: index,
  }));
}

interface Read {
  readonly found: Found | null;
  /** The first numeral that is not part of it. */
  readonly next: number;
}

/** An amount being read: what it is so far, where it ends, and the numeral that may continue it. */
interface Amount {
  readonly value: number;
  readonly end: number;
  readonly next: number;
  /** The unit has other meanings. */
  readonly unclear?: boolean;
}

class AmountReader {
  readonly #text: string;
  readonly #numerals: readonly Numeral[];

  constructor(text: string, numerals: readonly Numeral[]) {
    this.#text = text;
    this.#numerals = numerals;
  }

  read(i: number): Read {
    const numeral = this.#numerals[i];
    const none = { found: null, next: i + 1 };
    if (!numeral || numeral.value === null || numeral.ordinal || numeral.per !== null) return none;
    const symbol =
      symbolBefore.exec(this.#text.slice(Math.max(0, numeral.start - 5), numeral.start))?.[0] ?? '';
    const amount = this.#withUnit(numeral, numeral.value, i, symbol !== '');
    if (!amount) return { ...none, found: this.#withoutUnit(numeral, numeral.value) };
    if (matchAt(vagueAfter, this.#text, amount.end) !== null) return { found: null, next: amount.next };
    const start = numeral.start - symbol.length;
    // 一块 may be "together" or "a piece", 三分 a score.
    const unclear =
      (numeral.light || amount.unclear === true) && /[块分]$/.test(this.#text.slice(start, amount.end));
    const certain =
      !isApproximate(this.#text, start, amount.end) && (!unclear || isBare(this.#text, start, amount.end));
    return { found: { value: toCents(amount.value), start, end: amount.end, certain }, next: amount.next };
  }

  #withUnit(numeral: Numeral, value: number, i: number, symbol: boolean): Amount | null {
    const { end, pair } = numeral;
    const unit = this.#skip(mainUnit, end);
    if (unit !== null)
      return this.#cents({ value: pair ? pair[0] + pair[1] / 100 : value, end: unit, next: i + 1 });
    if (symbol) return { value, end, next: i + 1 };
    const tenths = this.#skip(tenth, end);
    if (tenths !== null) return this.#hundredths({ value: value / 10, end: tenths, next: i + 1 });
    const hundredths = this.#skip(hundredth, end);
    const unclear = this.#skip(clearHundredth, end) === null;
    return hundredths === null ? null : { value: value / 100, end: hundredths, next: i + 1, unclear };
  }

  /** What follows the main unit: 五毛二, 零五分, 五, 半, `and fifty cents`, `fifty`. */
  #cents(amount: Amount): Amount {
    const numeral = this.#following(amount);
    if (!numeral || numeral.value === null || numeral.ordinal || numeral.per !== null) return amount;
    const { value, end } = numeral;
    const next = amount.next + 1;
    const tenths = this.#skip(tenth, end);
    if (tenths !== null) return this.#hundredths({ value: amount.value + value / 10, end: tenths, next });
    const hundredths = this.#skip(hundredth, end);
    if (hundredths !== null) return { value: amount.value + value / 100, end: hundredths, next };
    const part = bareTail(numeral, this.#text.slice(amount.end, end));
    const another = this.#skip(mainUnit, end) !== null;
    return part === 0 || another || this.#counts(end) ? amount : { value: amount.value + part, end, next };
  }

  /** What follows 毛: 五, 五分. */
  #hundredths(amount: Amount): Amount {
    const numeral = this.#following(amount);
    if (!numeral || !isDigit(numeral)) return amount;
    const unit = this.#skip(hundredth, numeral.end);
    if (unit === null && this.#counts(numeral.end)) return amount;
    const value = amount.value + (numeral.value ?? 0) / 100;
    return { value, end: unit ?? numeral.end, next: amount.next + 1 };
  }

  #withoutUnit(numeral: Numeral, value: number): Found | null {
    const { start, end, pair } = numeral;
    if (!isQuantity(this.#text, numeral) || this.#counts(end)) return null;
    const certain = isBare(this.#text, start, end) && isCertainQuantity(this.#text, numeral);
    return { value: toCents(pair ? pair[0] + pair[1] / 100 : value), start, end, certain };
  }

  #following({ end, next }: Amount): Numeral | null {
    const numeral = this.#numerals[next];
    if (!numeral) return null;
    const joined = numeral.start === end || numeral.start === this.#skip(joint, end);
    return joined ? numeral : null;
  }

  /** True when what follows counts other things: 十块三个. */
  #counts(end: number): boolean {
    return chineseCounters.has(this.#text.charAt(end)) || otherUnit.test(this.#text.slice(end, end + 2));
  }

  #skip(pattern: RegExp, at: number): number | null {
    const matched = matchAt(pattern, this.#text, at);
    return matched === null ? null : at + matched.length;
  }
}

/** The part of one that a number after the main unit stands for: 五 is 0.5, 零五 and 05 are 0.05, 五十 is 0.5. */
function bareTail(numeral: Numeral, text: string): number {
  const { value, digits } = numeral;
  if (value === null || value <= 0 || value >= 100) return 0;
  if (value === 0.5) return value;
  if (!Number.isInteger(value)) return 0;
  if (digits !== null) return digits.length === 2 ? value / 100 : 0;
  // In English only "twelve dollars fifty".
  if (/[a-z ]/.test(text)) return value >= 10 ? value / 100 : 0;
  return value >= 10 || text.startsWith('零') ? value / 100 : value / 10;
}

function isDigit({ value, ordinal, per }: Numeral): boolean {
  return value !== null && Number.isInteger(value) && value >= 0 && value < 10 && !ordinal && per === null;
}

function toCents(value: number): number {
  return Math.round(value * 100) / 100;
}

function formatMoney(value: Value, form: EntityForm, context: EntityContext): string {
  if (typeof value !== 'number') return plainText(value);
  if (isChinese(context)) return `${numberText(toCents(value))}元`;
  const pounds = /^en-GB\b/i.test(context.language);
  const sign = value < 0 ? '-' : '';
  const cents = Math.round(Math.abs(value) * 100);
  const [whole, rest] = [Math.floor(cents / 100), cents % 100];
  if (form === 'written') return `${sign}${pounds ? '£' : '$'}${whole}.${String(rest).padStart(2, '0')}`;
  const main = count(whole, pounds ? 'pound' : 'dollar');
  const minor = pounds ? `${rest} pence` : count(rest, 'cent');
  const parts = [...(whole > 0 || rest === 0 ? [main] : []), ...(rest > 0 ? [minor] : [])];
  return `${sign === '' ? '' : 'minus '}${parts.join(' ')}`;
}

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

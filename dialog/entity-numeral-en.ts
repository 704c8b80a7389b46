import { cardinal, noOneValue, type NumeralReading } from './entity-numeral-reading.js';
import {
  englishOrdinals,
  englishParts,
  englishScales,
  englishSmall,
  englishTens,
} from './entity-numeral-words.js';

const word = /[a-z]+/y;
const gap = /[ \t]{1,3}(?:-[ \t])?|-/y;
const vagueTail = /[ -]?(?:ish\b|or so\b|odd\b|something\b|or more\b|or less\b|plus\b)|\+(?!\d)/y;
const longestDigitString = 15;

/** A word and where it ends. */
interface Word {
  readonly text: string;
  readonly end: number;
}

/**
 * The English numeral at a place of a normal text, or null: cardinals, ordinals, fractions, decimals, digits one by one
 * ("one oh five"), pairs ("nineteen eighty four"). "twenty or so" and "two or three" have the value null.
 */
export function readEnglish(text: string, at: number): NumeralReading | null {
  const first = wordAt(text, at);
  if (!first) return null;
  const negative = first.text === 'minus' || first.text === 'negative';
  const start = negative ? skipGap(text, first.end) : at;
  if (start === null) return null;
  const reading = readArticle(text, start) ?? readPoint(text, start, 0, start) ?? readWords(text, start);
  if (!reading) return null;
  const value = negative && reading.value !== null ? -reading.value : reading.value;
  return withoutVagueness(text, { ...reading, value });
}

/** What may follow a number written in digits: "million", "and a half", "dozen", "or so". */
export function readEnglishTail(text: string, reading: NumeralReading): NumeralReading {
  return withoutVagueness(text, scaled(text, withParts(text, reading)));
}

/** "a hundred and five", "half a million", "a dozen", "a half". */
function readArticle(text: string, at: number): NumeralReading | null {
  const first = wordAt(text, at);
  if (first?.text === 'half') return readHalf(text, first.end);
  if (first?.text !== 'a' && first?.text !== 'an') return null;
  const second = nextWord(text, first.end);
  if (!second) return null;
  if (second.text === 'half' || second.text === 'quarter') {
    return { ...cardinal(second.text === 'half' ? 0.5 : 0.25, second.end), light: true };
  }
  const counts = second.text === 'hundred' || second.text === 'dozen' || englishScales.has(second.text);
  return counts ? readWords(text, at, new EnglishSum(1)) : null;
}

function readHalf(text: string, end: number): NumeralReading {
  const article = nextWord(text, end);
  const unit = article && /^an?$/.test(article.text) ? nextWord(text, article.end) : null;
  const size = unit && (englishScales.get(unit.text) ?? { hundred: 100, dozen: 12 }[unit.text]);
  return unit && size ? cardinal(size / 2, unit.end) : { ...cardinal(0.5, end), light: true };
}

function readWords(text: string, at: number, sum = new EnglishSum(null)): NumeralReading | null {
  let next = sum.begun ? nextWord(text, wordAt(text, at)?.end ?? at) : wordAt(text, at);
  let end = at;
  while (next) {
    const joined = next.text === 'and' && sum.mayTakeAnd ? nextWord(text, next.end) : next;
    if (!joined || !sum.take(joined.text)) break;
    end = joined.end;
    next = sum.closed ? null : nextWord(text, end);
  }
  if (end === at) return null;
  const reading = sum.reading(end);
  if (reading.value === null || reading.ordinal) return reading;
  const decimal = readDecimals(text, reading.value, end);
  return scaled(text, withParts(text, decimal ?? reading));
}

/** Adds up "two hundred and five thousand", one word at a time. */
class EnglishSum {
  #done = 0;
  #current: number | null;
  #last: 'article' | 'unit' | 'teen' | 'tens' | 'hundred' | 'scale' | null;
  #scaleBound = Infinity;
  #digits = '';
  #pair: [number, number] | null = null;
  #ordinal = false;
  #words = 0;
  #one = false;
  closed = false;

  constructor(article: 1 | null) {
    this.#current = article;
    this.#last = article && 'article';
  }

  get begun(): boolean {
    return this.#last === 'article';
  }

  get mayTakeAnd(): boolean {
    return this.#last === 'hundred' || this.#last === 'scale';
  }

  /** Takes a word; false when it does not continue the numeral. */
  take(text: string): boolean {
    const taken = this.#take(text);
    if (taken) this.#one = ++this.#words === 1 && text === 'one';
    return taken;
  }

  reading(end: number): NumeralReading {
    const digits = this.#digits.length > 1 ? this.#digits : null;
    if (digits !== null && digits.length > longestDigitString) return noOneValue(end);
    const pair = this.#pair;
    const sum = this.#done + (this.#current ?? 0);
    const value = digits !== null ? Number(digits) : pair ? pair[0] * 100 + pair[1] : sum;
    if (!Number.isSafeInteger(value)) return noOneValue(end);
    return { ...cardinal(value, end), digits, pair, ordinal: this.#ordinal, light: this.#one };
  }

  #take(text: string): boolean {
    const small = englishSmall.get(text);
    if (small !== undefined) return this.#takeSmall(small);
    if (text === 'oh' || text === 'o') return this.#last === 'unit' && this.#addDigit(0);
    const tens = englishTens.get(text);
    if (tens !== undefined) return this.#takeLarge(tens, 'tens');
    if (text === 'hundred' || text === 'hundredth') return this.#takeHundred(text === 'hundredth');
    if (text === 'dozen') return this.#takeDozen();
    const ordinal = englishOrdinals.get(text);
    if (ordinal !== undefined) return this.#takeOrdinal(ordinal);
    const scale = englishScales.get(text);
    return scale !== undefined && this.#takeScale(scale);
  }

  #takeSmall(value: number): boolean {
    if (value >= 10) return this.#takeLarge(value, 'teen');
    if (this.#last === 'unit' && (this.#digits !== '' || this.#words === 1)) return this.#addDigit(value);
    if (this.#pair) return this.#last === 'tens' && value > 0 && this.#endPair(value);
    const opens = this.#current === null || this.#last === 'hundred';
    if (!opens && !(this.#last === 'tens' && value > 0)) return false;
    if (this.#words === 0) this.#digits = String(value);
    this.#current = (this.#current ?? 0) + value;
    this.#last = this.#last === 'tens' ? 'teen' : 'unit';
    return true;
  }

  #takeLarge(value: number, last: 'teen' | 'tens'): boolean {
    if (this.#digits.length > 1 || this.#pair) return false;
    if (this.#current === null || this.#last === 'hundred') {
      this.#current = (this.#current ?? 0) + value;
      this.#last = last;
      return true;
    }
    if (this.#done > 0 || this.#current < 1 || this.#current > 99 || this.#last === 'article') return false;
    this.#pair = [this.#current, value];
    this.#last = last;
    this.#digits = '';
    return true;
  }

  #endPair(value: number): boolean {
    if (this.#pair) this.#pair = [this.#pair[0], this.#pair[1] + value];
    this.#last = 'teen';
    return true;
  }

  #addDigit(value: number): boolean {
    if (this.#digits === '' || this.#pair || this.#digits.length > longestDigitString) return false;
    this.#digits += String(value);
    this.#last = 'unit';
    return true;
  }

  #takeHundred(ordinal: boolean): boolean {
    const current = ordinal && this.#words === 0 && !this.begun ? 1 : this.#current;
    if (current === null || current < 1 || current > 99 || this.#digits.length > 1 || this.#pair)
      return false;
    this.#current = current * 100;
    this.#last = 'hundred';
    this.#digits = '';
    this.#ordinal = this.closed = ordinal;
    return true;
  }

  #takeDozen(): boolean {
    if (this.#current === null || this.#done > 0 || this.#digits.length > 1 || this.#pair) return false;
    this.#current *= 12;
    this.#digits = '';
    this.closed = true;
    return true;
  }

  #takeOrdinal(value: number): boolean {
    const alone = this.#words === 0 && !this.begun;
    const follows =
      this.#last === 'hundred' || this.#last === 'scale' || (this.#last === 'tens' && value < 10);
    if (!alone && !follows) return false;
    this.#current = (this.#current ?? 0) + value;
    this.#ordinal = this.closed = true;
    return true;
  }

  #takeScale(scale: number): boolean {
    if (!this.#current || scale >= this.#scaleBound || this.#digits.length > 1 || this.#pair) return false;
    this.#done += this.#current * scale;
    this.#current = null;
    this.#scaleBound = scale;
    this.#last = 'scale';
    this.#digits = '';
    return true;
  }
}

/** "point five" after a whole number that ends before `end`. */
function readDecimals(text: string, whole: number, end: number): NumeralReading | null {
  const start = skipGap(text, end);
  return start === null ? null : readPoint(text, start, whole, end);
}

function readPoint(text: string, at: number, whole: number, wholeEnd: number): NumeralReading | null {
  const point = wordAt(text, at);
  if (point?.text !== 'point') return null;
  let fraction = '';
  let end = wholeEnd;
  for (let next = nextWord(text, point.end); next && fraction.length < longestDigitString;) {
    const digits = fractionDigits(next.text, fraction);
    if (digits === null) break;
    fraction = digits;
    end = next.end;
    next = nextWord(text, end);
  }
  if (fraction === '') return null;
  return scaled(text, cardinal(Number(`${whole}.${fraction}`), end));
}

function fractionDigits(text: string, before: string): string | null {
  const small = englishSmall.get(text) ?? (text === 'oh' || text === 'o' ? 0 : undefined);
  if (small !== undefined) {
    const completesTens = small > 0 && small < 10 && /^[2-9]0$/.test(before);
    return completesTens ? before.charAt(0) + String(small) : before + String(small);
  }
  const tens = englishTens.get(text);
  return tens === undefined ? null : before + String(tens);
}

/** "two and a half", "two thirds", "three and three quarters". */
function withParts(text: string, reading: NumeralReading): NumeralReading {
  const { value, end } = reading;
  if (value === null || !Number.isInteger(value)) return reading;
  const next = nextWord(text, end);
  if (next?.text !== 'and') return asFraction(reading, next);
  const count = nextWord(text, next.end);
  const part = count && nextWord(text, count.end);
  const many = count && (/^an?$/.test(count.text) ? 1 : englishSmall.get(count.text));
  const size = part && englishParts.get(part.text);
  return part && size && many ? cardinal(value + many / size, part.end) : reading;
}

function asFraction(reading: NumeralReading, next: Word | null): NumeralReading {
  const { value } = reading;
  const size = next && englishParts.get(next.text);
  if (!next || !size || value === null || value < 1 || value > 9 || reading.pair) return reading;
  // Both "one third" and "two thirds", but "four third parties" has no fraction.
  const plural = next.text.endsWith('s');
  return plural === value > 1 ? cardinal(value / size, next.end) : reading;
}

/** "two and a half million", "2.5 million", "5 dozen". */
function scaled(text: string, reading: NumeralReading): NumeralReading {
  const next = nextWord(text, reading.end);
  if (!next || reading.value === null || reading.ordinal) return reading;
  if (next.text === 'dozen') return cardinal(reading.value * 12, next.end);
  const zeros = next.text === 'hundred' ? 2 : Math.round(Math.log10(englishScales.get(next.text) ?? 1));
  return zeros === 0 ? reading : cardinal(Number(`${reading.value}e${zeros}`), next.end);
}

function withoutVagueness(text: string, reading: NumeralReading): NumeralReading {
  vagueTail.lastIndex = reading.end;
  const tail = vagueTail.exec(text);
  if (tail) return noOneValue(reading.end + tail[0].length);
  const or = nextWord(text, reading.end);
  const start = or?.text === 'or' ? skipGap(text, or.end) : null;
  if (start === null) return reading;
  const other = /\d/.test(text.charAt(start)) ? { end: digitsEnd(text, start) } : readWords(text, start);
  return other && !('ordinal' in other && other.ordinal) ? noOneValue(other.end) : reading;
}

function digitsEnd(text: string, at: number): number {
  let end = at;
  while (/\d/.test(text.charAt(end))) end++;
  return end;
}

function nextWord(text: string, at: number): Word | null {
  const start = skipGap(text, at);
  return start === null ? null : wordAt(text, start);
}

function skipGap(text: string, at: number): number | null {
  gap.lastIndex = at;
  const between = gap.exec(text);
  return between ? at + between[0].length : null;
}

function wordAt(text: string, at: number): Word | null {
  word.lastIndex = at;
  const found = word.exec(text);
  return found && { text: found[0], end: at + found[0].length };
}

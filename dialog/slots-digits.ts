import { englishDigitWords, type DigitWord } from './digits-en.js';
import { NormalText } from './entity-normal-text.js';
import { idiomAt } from './entity-numeral.js';
import { chineseDigits } from './entity-numeral-words.js';
import { readChinese } from './entity-numeral-zh.js';

/** Digits as they are called on the telephone. */
const calledDigits: ReadonlyMap<string, number> = new Map([
  ...chineseDigits,
  ['洞', 0],
  ['拐', 7],
  ['勾', 9],
]);

/** Heard between the digits of one number. */
const chineseFillers = new Set('杠横嗯啊呃哦然后');
const tokens = /\p{Script=Han}|\d+|[a-z]+/gu;

/** Digits at their place in a normal text. */
export interface DigitSpan {
  readonly digits: string;
  readonly start: number;
  readonly end: number;
}

/** The digits of one number, said or written with nothing else between them. */
export interface DigitString extends DigitSpan {
  /** The parts that were written without a space. */
  readonly written: readonly DigitSpan[];
}

/**
 * The number strings in an utterance, in order: `my number is one three eight, double oh seven` gives `138007`.
 *
 * Understands written digits, English words (double, triple, oh, teens, tens, hundred) and Chinese ones (幺, 两, 三个八,
 * 三百零五). A word that is neither a digit nor a hesitation starts a new number.
 */
export function spokenNumbers(text: string): string[] {
  return readDigitStrings(new NormalText(text)).map(({ digits }) => digits);
}

/**
 * The one number of the asked length in an utterance, or null.
 *
 * Of several, the last counts ("sorry, I mean …"); when none alone fits, all together may.
 */
export function findDigits(text: string, minDigits: number, maxDigits: number): string | null {
  const fits = (digits: string) => digits.length >= minDigits && digits.length <= maxDigits;
  const numbers = spokenNumbers(text);
  const whole = numbers.join('');
  return numbers.findLast(fits) ?? (fits(whole) ? whole : null);
}

/** The number strings of a normal text, in order. */
export function readDigitStrings({ text }: NormalText): readonly DigitString[] {
  const reader = new NumberReader();
  const words = [...text.matchAll(tokens)].map((match): Token => ({ text: match[0], start: match.index }));
  let free = 0;
  words.forEach((word, i) => {
    if (word.start < free) return;
    const idiom = idiomAt(text, word.start);
    const counted = idiom === 0 ? countedAt(text, word.start) : null;
    free = word.start + Math.max(word.text.length, idiom, counted?.length ?? 0);
    const meaning = idiom > 0 ? null : (counted?.meaning ?? meaningOf(word.text, words[i + 1]?.text));
    reader.read(meaning, word, free, words[i + 1]?.text);
  });
  return reader.finish();
}

interface Token {
  readonly text: string;
  readonly start: number;
}

class NumberReader {
  readonly #numbers: DigitString[] = [];
  #current = '';
  #start = 0;
  #end = 0;
  #written: DigitSpan[] = [];
  #times = 1;
  #timesStart: number | null = null;
  /** The current number ends with `twenty` or the like, whose zero a following unit replaces. */
  #openTens = false;

  read(meaning: DigitWord | null, token: Token, end: number, next: string | undefined): void {
    if (meaning === null) {
      this.#close();
      return;
    }
    const openTens = this.#openTens;
    if (meaning.type !== 'filler') this.#openTens = false;
    switch (meaning.type) {
      case 'digits':
        if (openTens && /^[1-9]$/.test(meaning.digits)) this.#current = this.#current.slice(0, -1);
        if (/^\d/.test(token.text)) this.#written.push({ digits: meaning.digits, start: token.start, end });
        this.#append(meaning.digits, token.start, end);
        break;
      case 'tens':
        this.#append(meaning.digit + '0', token.start, end);
        this.#openTens = true;
        break;
      case 'times':
        this.#times = meaning.times;
        this.#timesStart = token.start;
        break;
      case 'zeros':
        if (this.#current === '') this.#append('1', token.start, end);
        this.#append(meaning.zeros, token.start, end);
        break;
      case 'oh':
        if (this.#current !== '' || this.#times > 1 || isDigitWord(next)) this.#append('0', token.start, end);
        break;
      case 'filler':
        break;
    }
  }

  finish(): readonly DigitString[] {
    this.#close();
    return this.#numbers;
  }

  #append(digits: string, start: number, end: number): void {
    if (this.#current === '') this.#start = this.#timesStart ?? start;
    this.#current += digits.repeat(this.#times);
    this.#end = end;
    this.#times = 1;
    this.#timesStart = null;
  }

  #close(): void {
    if (this.#current !== '') {
      this.#numbers.push({
        digits: this.#current,
        start: this.#start,
        end: this.#end,
        written: this.#written,
      });
    }
    this.#current = '';
    this.#written = [];
    this.#times = 1;
    this.#timesStart = null;
    this.#openTens = false;
  }
}

function meaningOf(word: string, next: string | undefined): DigitWord | null {
  if (/^\d/.test(word)) return { type: 'digits', digits: word };
  const digit = calledDigits.get(word);
  // 三个八: how often, not a digit.
  if (digit !== undefined && next === '个') return { type: 'times', times: Math.max(1, digit) };
  if (digit !== undefined) return { type: 'digits', digits: String(digit) };
  if (word === '个' || chineseFillers.has(word)) return { type: 'filler' };
  return englishDigitWords.get(word) ?? null;
}

/** 三百零五 and 三十五 are said as amounts and meant as digits. */
function countedAt(
  text: string,
  at: number,
): { readonly meaning: DigitWord; readonly length: number } | null {
  const units = /^.?[十拾百佰千仟]/.test(text.slice(at, at + 2));
  const reading = units ? readChinese(text, at) : null;
  const { value = null, end = at, per = null } = reading ?? {};
  if (value === null || per !== null || !Number.isInteger(value) || value < 0) return null;
  return { meaning: { type: 'digits', digits: String(value) }, length: end - at };
}

function isDigitWord(word: string | undefined): boolean {
  const meaning = word === undefined ? null : meaningOf(word, undefined);
  return meaning !== null && meaning.type !== 'filler';
}

import { dialogLimits } from '../config/limits.js';
import { englishDigitWords, type DigitWord } from './digits-en.js';

const chineseDigits: ReadonlyMap<string, string> = new Map([
  ...[...'零〇洞'].map((character): [string, string] => [character, '0']),
  ...[...'一幺壹'].map((character): [string, string] => [character, '1']),
  ...[...'二两贰'].map((character): [string, string] => [character, '2']),
  ...[...'三叁'].map((character): [string, string] => [character, '3']),
  ...[...'四肆'].map((character): [string, string] => [character, '4']),
  ...[...'五伍'].map((character): [string, string] => [character, '5']),
  ...[...'六陆'].map((character): [string, string] => [character, '6']),
  ...[...'七柒拐'].map((character): [string, string] => [character, '7']),
  ...[...'八捌'].map((character): [string, string] => [character, '8']),
  ...[...'九玖勾'].map((character): [string, string] => [character, '9']),
]);

/** Heard between the digits of one number. */
const chineseFillers = new Set('杠横嗯啊呃哦然后');
const tokens = /\p{Script=Han}|\d+|[a-z]+/gu;

/**
 * The number strings in an utterance, in order: `my number is one three eight, double oh seven` gives `138007`.
 *
 * Understands written digits, English words (double, triple, oh, teens, tens, hundred) and Chinese ones (幺, 两, 三个八).
 * A word that is neither a digit nor a hesitation starts a new number.
 */
export function spokenNumbers(text: string): string[] {
  const reader = new NumberReader();
  const normalized = text.slice(0, dialogLimits.utteranceCharacters).normalize('NFKC').toLowerCase();
  const words = normalized.match(tokens) ?? [];
  words.forEach((word, i) => reader.read(word, words[i + 1]));
  return reader.finish();
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

class NumberReader {
  readonly #numbers: string[] = [];
  #current = '';
  #times = 1;
  /** The current number ends with `twenty` or the like, whose zero a following unit replaces. */
  #openTens = false;

  read(word: string, next: string | undefined): void {
    const meaning = meaningOf(word, next);
    if (meaning === null) {
      this.#close();
      return;
    }
    const openTens = this.#openTens;
    if (meaning.type !== 'filler') this.#openTens = false;
    switch (meaning.type) {
      case 'digits':
        if (openTens && /^[1-9]$/.test(meaning.digits)) this.#current = this.#current.slice(0, -1);
        this.#append(meaning.digits);
        break;
      case 'tens':
        this.#append(meaning.digit + '0');
        this.#openTens = true;
        break;
      case 'times':
        this.#times = meaning.times;
        break;
      case 'zeros':
        if (this.#current === '') this.#append('1');
        this.#append(meaning.zeros);
        break;
      case 'oh':
        if (this.#current !== '' || this.#times > 1 || isDigitWord(next)) this.#append('0');
        break;
      case 'filler':
        break;
    }
  }

  finish(): string[] {
    this.#close();
    return this.#numbers;
  }

  #append(digits: string): void {
    this.#current += digits.repeat(this.#times);
    this.#times = 1;
  }

  #close(): void {
    if (this.#current !== '') this.#numbers.push(this.#current);
    this.#current = '';
    this.#times = 1;
    this.#openTens = false;
  }
}

function meaningOf(word: string, next: string | undefined): DigitWord | null {
  if (/^\d/.test(word)) return { type: 'digits', digits: word };
  const digit = chineseDigits.get(word);
  // 三个八: how often, not a digit.
  if (digit !== undefined && next === '个') return { type: 'times', times: Math.max(1, Number(digit)) };
  if (digit !== undefined) return { type: 'digits', digits: digit };
  if (word === '个' || chineseFillers.has(word)) return { type: 'filler' };
  return englishDigitWords.get(word) ?? null;
}

function isDigitWord(word: string | undefined): boolean {
  const meaning = word === undefined ? null : meaningOf(word, undefined);
  return meaning !== null && meaning.type !== 'filler';
}

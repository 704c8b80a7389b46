import { dialogLimits } from '../config/limits.js';

const notWordOrHan = /[^\p{L}\p{N}\p{M}]+/gu;
const runs = /\p{Script=Han}+|[^\p{Script=Han} ]+/gu;
const startsWithHan = /^\p{Script=Han}/u;
const longestCharGram = 5;

/**
 * The form in which utterances and examples are compared: NFKC, lower case, apostrophes dropped, any other run of
 * punctuation or space as one space; cut at `dialogLimits.utteranceCharacters`.
 */
export function normalizeUtterance(text: string): string {
  return text
    .slice(0, dialogLimits.utteranceCharacters)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(notWordOrHan, ' ')
    .trim();
}

/**
 * Calls `visit` for every n-gram of a normalised utterance, repeats included.
 *
 * Han runs give 1-grams and 2-grams (no segmenter: measured better than one); other words give themselves, their
 * pairs, and their inner 2- to 5-character grams with edges marked by a space. Prefixes keep the kinds apart.
 */
export function forEachFeature(normalized: string, visit: (feature: string) => void): void {
  let previous = '';
  for (const run of normalized.match(runs) ?? []) {
    if (startsWithHan.test(run)) {
      visitHan(run, visit);
      previous = '';
    } else {
      visit('=' + run);
      if (previous !== '') visit('=' + previous + ' ' + run);
      visitCharGrams(' ' + run + ' ', visit);
      previous = run;
    }
  }
}

function visitHan(run: string, visit: (feature: string) => void): void {
  let previous = '';
  for (const character of run) {
    visit(character);
    if (previous !== '') visit(previous + character);
    previous = character;
  }
}

function visitCharGrams(padded: string, visit: (feature: string) => void): void {
  for (let length = 2; length <= longestCharGram; length++) {
    const last = padded.length - length;
    for (let start = 0; start <= last; start++) visit(padded.slice(start, start + length));
  }
}

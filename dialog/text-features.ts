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

/** Gets the n-grams of an utterance; prefixes keep the kinds apart. */
export interface FeatureVisitor {
  /** One n-gram: Han characters, or a word pair. */
  readonly feature: (feature: string) => void;
  /** A word, for its own n-grams (`forEachWordFeature`), which may be known already. */
  readonly word: (word: string) => void;
}

/**
 * Visits every n-gram of a normalised utterance, repeats included.
 *
 * Han runs give 1-grams and 2-grams (no segmenter: measured better than one); other words give themselves, their
 * pairs, and their inner n-grams.
 */
export function visitFeatures(normalized: string, visitor: FeatureVisitor): void {
  let previous = '';
  for (const run of normalized.match(runs) ?? []) {
    if (startsWithHan.test(run)) {
      visitHan(run, visitor);
      previous = '';
    } else {
      visitor.word(run);
      if (previous !== '') visitor.feature('=' + previous + ' ' + run);
      previous = run;
    }
  }
}

/** Calls `visit` for the n-grams of one word: itself, and its 2- to 5-character grams with edges marked by a space. */
export function forEachWordFeature(word: string, visit: (feature: string) => void): void {
  visit('=' + word);
  const padded = ' ' + word + ' ';
  for (let length = 2; length <= longestCharGram; length++) {
    const last = padded.length - length;
    for (let start = 0; start <= last; start++) visit(padded.slice(start, start + length));
  }
}

/** Calls `visit` for every n-gram of a normalised utterance. */
export function forEachFeature(normalized: string, visit: (feature: string) => void): void {
  visitFeatures(normalized, { feature: visit, word: (word) => forEachWordFeature(word, visit) });
}

function visitHan(run: string, visitor: FeatureVisitor): void {
  let previous = '';
  for (const character of run) {
    visitor.feature(character);
    if (previous !== '') visitor.feature(previous + character);
    previous = character;
  }
}

import { dialogLimits } from '../config/limits.js';
import { pinyinOf } from './pinyin.js';
import { forEachHanGroup, groupOf, isFunctionCharacter, isFunctionWord } from './word-groups.js';

const notWordOrHan = /[^\p{L}\p{N}\p{M}]+/gu;
const runs = /\p{Script=Han}+|[^\p{Script=Han} ]+/gu;
const startsWithHan = /^\p{Script=Han}/u;
const longestCharGram = 4;

/** What each kind of n-gram counts; measured on three intent sets (bench/README.md, "What was tried"). */
const share = {
  word: 1,
  functionWord: 0.55,
  wordGroup: 2,
  han: 1,
  hanPair: 0.55,
  hanGroup: 1,
  pinyinPair: 0.6,
} as const;

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

/** Gets one n-gram, whose prefix keeps the kinds apart, and what its kind counts, above 0. */
export type VisitFeature = (feature: string, share: number) => void;

/** Gets the n-grams of an utterance. */
export interface FeatureVisitor {
  /** One n-gram that is not within a word. */
  readonly feature: VisitFeature;
  /** A word, for its own n-grams (`forEachWordFeature`), which may be known already. */
  readonly word: (word: string) => void;
}

/**
 * Visits every n-gram of a normalised utterance, repeats included.
 *
 * Han runs give 1-grams and 2-grams (no segmenter: measured better than one), pairs of syllables, which survive a
 * recogniser's homophones, and groups of words that mean the same. Other words give themselves, their pairs, their
 * group and their inner n-grams. Words of grammar count about half.
 */
export function visitFeatures(normalized: string, visitor: FeatureVisitor): void {
  let previous = '';
  for (const run of normalized.match(runs) ?? []) {
    if (startsWithHan.test(run)) {
      visitHan(run, visitor.feature);
      previous = '';
    } else {
      visitor.word(run);
      if (previous !== '') visitor.feature('=' + previous + ' ' + run, wordPairShare(previous, run));
      previous = run;
    }
  }
}

/**
 * Calls `visit` for the n-grams of one word: itself, the group of words that mean the same, and its 2- to
 * 4-character grams with edges marked by a space.
 */
export function forEachWordFeature(word: string, visit: VisitFeature): void {
  visit('=' + word, isFunctionWord(word) ? share.functionWord : share.word);
  const group = groupOf(word);
  if (group !== null) visit('#' + group, share.wordGroup);
  const padded = ' ' + word + ' ';
  for (let length = 2; length <= longestCharGram; length++) {
    const last = padded.length - length;
    for (let start = 0; start <= last; start++) visit(padded.slice(start, start + length), share.word);
  }
}

/** Calls `visit` for every n-gram of a normalised utterance. */
export function forEachFeature(normalized: string, visit: VisitFeature): void {
  visitFeatures(normalized, { feature: visit, word: (word) => forEachWordFeature(word, visit) });
}

function wordPairShare(first: string, second: string): number {
  return isFunctionWord(first) && isFunctionWord(second) ? share.functionWord : share.word;
}

function visitHan(run: string, visit: VisitFeature): void {
  let previous = '';
  let previousSyllable = '';
  for (const character of run) {
    const plain = isFunctionCharacter(character) ? share.functionWord : 1;
    visit(character, share.han * plain);
    const syllable = pinyinOf(character) ?? character;
    if (previous !== '') {
      visit(previous + character, share.hanPair * Math.max(plain, isFunctionCharacter(previous) ? plain : 1));
      visit('~' + previousSyllable + ' ' + syllable, share.pinyinPair);
    }
    previous = character;
    previousSyllable = syllable;
  }
  forEachHanGroup(run, (group) => visit('#' + group, share.hanGroup));
}

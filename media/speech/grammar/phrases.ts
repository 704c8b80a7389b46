import { cardinalWords } from '../ssml/number-words.js';
import { oneOf, weighted, words, sequence } from './expansion.js';
import type { Expansion, Grammar } from './grammar.js';
import { isChinese, pieces, tokenize } from './tokenize.js';

/** A grammar made of rules, the kind that engines and the matcher compile. */
export type RulesGrammar = Extract<Grammar, { kind: 'rules' }>;

/**
 * A voice grammar that takes exactly these phrases, each of which means itself as written (a node's examples).
 *
 * Punctuation does not count. A number in figures is taken digit by digit and, in English and Chinese, as a cardinal
 * ("25": "two five", "twenty five"). Phrases without a single word are left out; with none left, nothing matches.
 */
export function phraseGrammar(uri: string, phrases: readonly string[], language: string): RulesGrammar {
  const items = [...new Set(phrases)].flatMap((phrase) => {
    const expansion = phraseExpansion(phrase, language);
    return expansion === null ? [] : [{ weight: 1, expansion }];
  });
  return {
    kind: 'rules',
    uri,
    mode: 'voice',
    language,
    weight: 1,
    root: 'phrases',
    rules: { phrases: weighted(items) },
  };
}

/** The tokens of a phrase in all the ways they are read and then its tag, or null where it has no word. */
function phraseExpansion(phrase: string, language: string): Expansion | null {
  const parts = spokenParts(phrase, language);
  return parts === null ? null : sequence(parts, { type: 'tag', value: phrase.trim() });
}

/** Text as an expansion: tokens, and numbers in figures both digit by digit and as cardinals; null without a word. */
export function spokenParts(text: string, language: string): Expansion | null {
  const items: Expansion[] = [];
  let plain: string[] = [];
  for (const piece of pieces(text)) {
    const readings = /^\d/.test(piece) ? numberReadings(piece, language) : [[piece]];
    const [only = [], ...others] = readings;
    if (others.length === 0) {
      plain.push(...only);
      continue;
    }
    if (plain.length > 0) items.push(words(plain));
    plain = [];
    items.push(oneOf(...readings.map(words)));
  }
  if (plain.length > 0) items.push(words(plain));
  if (items.length === 0) return null;
  return sequence(...items.flatMap((item) => (item.type === 'sequence' ? item.items : [item])));
}

function numberReadings(figures: string, language: string): string[][] {
  const byDigit = tokenize(figures, language);
  const cardinal = figures.length === 1 ? null : cardinalWords(figures, language);
  if (cardinal === null) return [byDigit];
  const spoken = tokenize(cardinal.replaceAll('-', ' '), language);
  // 200 is 二百 or 两百.
  // 120 is "one hundred twenty" or "one hundred and twenty".
  const colloquial = isChinese(language)
    ? spoken.map((word, i) => (isPair(spoken, i) ? '两' : word))
    : spoken.flatMap((word, i) =>
        word === 'hundred' && isBelowHundred(spoken[i + 1]) ? [word, 'and'] : [word],
      );
  return [byDigit, spoken, ...(colloquial.join() === spoken.join() ? [] : [colloquial])];
}

function isBelowHundred(word: string | undefined): boolean {
  return word !== undefined && !['thousand', 'million', 'billion', 'trillion'].includes(word);
}

function isPair(spoken: readonly string[], index: number): boolean {
  return spoken[index] === '二' && ['百', '千', '万', '亿'].includes(spoken[index + 1] ?? '');
}

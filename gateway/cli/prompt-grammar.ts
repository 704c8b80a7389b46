import type { Expansion, Grammar } from '../../media/speech/grammar/grammar.js';
import { tokenize } from '../../media/speech/grammar/match.js';
import type { DialogTree } from '../../dialog/tree.js';
import { promptTexts } from '../session/prompt-texts.js';

/** How many sentences in a row the bot may say in one turn. */
const maxSentences = 8;
/** Longest row of digits that stands in the place of a variable. */
const maxDigits = 20;

const digitWords = ['zero', 'oh', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** Whole sentences of a text, without their end marks. */
export function sentencesOf(text: string): string[] {
  return text
    .replace(/\{[^}]*\}/g, '{}')
    .split(/[.?!。？！]+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/**
 * A grammar of what the bot may say, for a caller that listens to it: any row of the tree's sentences, with a row of
 * digits where a sentence has a `{variable}`.
 */
export function promptGrammar(tree: DialogTree, extra: readonly string[] = []): Grammar {
  const sentences = new Set([...promptTexts(tree), ...extra].flatMap(sentencesOf));
  const items = [...sentences].flatMap((sentence) => {
    const parts = sentenceParts(sentence, tree.language);
    return parts.length > 0 ? [{ weight: 1, expansion: { type: 'sequence' as const, items: parts } }] : [];
  });
  return {
    kind: 'rules',
    uri: 'session:prompts',
    mode: 'voice',
    language: tree.language,
    weight: 1,
    root: 'turn',
    rules: {
      turn: { type: 'repeat', min: 1, max: maxSentences, item: { type: 'rule', name: 'sentence' } },
      sentence: { type: 'alternatives', items },
      digits: {
        type: 'repeat',
        min: 1,
        max: maxDigits,
        item: {
          type: 'alternatives',
          items: digitWords.map((text) => ({ weight: 1, expansion: { type: 'token' as const, text } })),
        },
      },
    },
  };
}

function sentenceParts(sentence: string, language: string): Expansion[] {
  return sentence.split(/(\{[^}]*\})/).flatMap((part): Expansion[] => {
    if (part.startsWith('{')) return [{ type: 'rule', name: 'digits' }];
    return tokenize(part, language).map((text) => ({ type: 'token', text }));
  });
}

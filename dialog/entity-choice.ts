import { dialogLimits } from '../config/limits.js';
import type { Entity, EntityContext, EntityType } from './entity.js';
import { isBare } from './entity-fillers.js';
import { isChinese, plainText } from './entity-format.js';
import { toEntities, type Found } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import { findOrdinals } from './entity-ordinal.js';
import { PhraseTrie, type PhraseMatch } from './entity-phrases.js';

/** A value of a list and what people call it. The value itself is one of its names. */
export interface ChoiceValue {
  readonly value: string;
  readonly synonyms: readonly string[];
}

/** Finds what an author's own pattern matches: UTF-16 offsets into the text as given. */
export interface ChoicePattern {
  /** What looking at one character may cost. */
  readonly size: number;
  find(text: string): readonly { readonly start: number; readonly end: number }[];
}

/**
 * A list of an author: the value whose name was said, or the one of an ordinal (第二个, "the last one"), or what a pattern
 * matches as it stands. Of names that overlap the longest counts. Keys are the places in the list.
 */
export function choiceType(
  name: string,
  values: readonly ChoiceValue[],
  patterns: readonly ChoicePattern[] = [],
): EntityType {
  const listed = values.slice(0, dialogLimits.choiceValues);
  const trie = trieOf(listed);
  return {
    name,
    find(original) {
      const normal = new NormalText(original);
      const named = trie.find(normal.text).map((match) => asFound(normal.text, match));
      const entities = toEntities(normal, [...named, ...picked(normal, listed, named.length === 0)]);
      return withPatterns(normal.original, entities, patterns);
    },
    fromKeys(keys) {
      return /^[1-9]\d{0,5}$/.test(keys) ? (listed[Number(keys) - 1]?.value ?? null) : null;
    },
    format: (value, _form, context) => nameOf(listed, plainText(value), context),
    keyDigits: listed.length === 0 ? null : { least: 1, most: String(listed.length).length },
    spokenAsDigits: false,
  };
}

/** What is wrong with a list, in sentences that say how to mend it; empty when nothing is. */
export function choiceProblems(values: readonly ChoiceValue[]): readonly string[] {
  const { choiceValues, choiceSynonyms, choiceSynonymCharacters } = dialogLimits;
  const problems: string[] = [];
  const synonyms = values.reduce((sum, value) => sum + value.synonyms.length, 0);
  if (values.length > choiceValues)
    problems.push(`has ${values.length} values; at most ${choiceValues} are allowed`);
  if (synonyms > choiceSynonyms)
    problems.push(`has ${synonyms} synonyms; at most ${choiceSynonyms} are allowed`);
  const owners = new Map<string, string>();
  for (const { value, synonyms: names } of values) {
    for (const phrase of [value, ...names]) {
      const key = keyOf(phrase);
      const owner = owners.get(key);
      if (key === '') problems.push(`"${value}" has an empty synonym; remove it`);
      else if (phrase.length > choiceSynonymCharacters)
        problems.push(
          `a synonym of "${value}" is longer than ${choiceSynonymCharacters} characters; shorten it`,
        );
      else if (owner !== undefined && owner !== value)
        problems.push(`"${phrase}" names both "${owner}" and "${value}"; give it to one of them`);
      else owners.set(key, value);
      if (problems.length >= dialogLimits.problems) return problems;
    }
  }
  return problems;
}

function trieOf(values: readonly ChoiceValue[]): PhraseTrie {
  const trie = new PhraseTrie();
  let left: number = dialogLimits.choiceSynonyms;
  for (const { value, synonyms } of values) {
    for (const phrase of [value, ...synonyms]) {
      if (phrase.length <= dialogLimits.choiceSynonymCharacters && left-- > 0) trie.add(keyOf(phrase), value);
    }
  }
  return trie;
}

function keyOf(phrase: string): string {
  return new NormalText(phrase).text.trim();
}

/** A name of one Chinese character (大, 小) is part of many words: 小声一点. */
function asFound(text: string, { value, start, end }: PhraseMatch): Found {
  return { value, start, end, certain: end - start > 1 || isBare(text, start, end) };
}

/** The values that ordinals name; a bare number is one when no name was said. */
function picked(normal: NormalText, values: readonly ChoiceValue[], bareNumbers: boolean): Found[] {
  return findOrdinals(normal).flatMap((found) => {
    const place = typeof found.value === 'number' ? found.value : 0;
    const value = values.at(place > 0 ? place - 1 : place)?.value;
    const inList = Math.abs(place) >= 1 && Math.abs(place) <= values.length;
    const bare = isNumberWord(normal.text.slice(found.start, found.end));
    return value === undefined || !inList || (bare && !bareNumbers) ? [] : [{ ...found, value }];
  });
}

function isNumberWord(text: string): boolean {
  return !/[第号数头最末首]|(?:st|nd|rd|th|last|first|second|third|number|option|choice|item)/.test(text);
}

function withPatterns(
  text: string,
  entities: readonly Entity[],
  patterns: readonly ChoicePattern[],
): readonly Entity[] {
  if (patterns.length === 0) return entities;
  const share = dialogLimits.patternVisits / patterns.length;
  const matched = patterns
    // Large patterns see only as much of a long sentence as they have time for.
    .flatMap((pattern) => pattern.find(text.slice(0, Math.ceil(share / pattern.size))))
    .filter(({ start, end }) => start >= 0 && start < end && end <= text.length)
    .map(({ start, end }): Entity => {
      const raw = text.slice(start, end);
      return { value: raw.normalize('NFKC').trim(), start, end, raw, certain: true };
    });
  const kept: Entity[] = [];
  const byPlace = [...entities, ...matched].sort((a, b) => a.start - b.start || b.end - a.end);
  for (const entity of byPlace) if (entity.start >= (kept.at(-1)?.end ?? 0)) kept.push(entity);
  return kept;
}

/** The first name in the script of the language, else the value. */
function nameOf(values: readonly ChoiceValue[], value: string, context: EntityContext): string {
  const chinese = isChinese(context);
  const names = [value, ...(values.find((known) => known.value === value)?.synonyms ?? [])];
  return names.find((phrase) => /\p{Script=Han}/u.test(phrase) === chinese) ?? value;
}

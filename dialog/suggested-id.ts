import { normalizeUtterance } from './text-features.js';
import { isFunctionWord } from './word-groups.js';

const longest = 40;
const words = /\p{Script=Han}+|[^\p{Script=Han}\s]+/gu;
const hanCharacters = 6;

/**
 * An id for a branch about some sentences: their two most frequent words that mean something, or the beginning of the most
 * frequent Chinese one. Not one of `taken`.
 */
export function proposedId(
  sentences: readonly { readonly text: string; readonly turns: number }[],
  taken: ReadonlySet<string>,
): string {
  const counts = new Map<string, number>();
  for (const { text, turns } of sentences)
    for (const word of new Set(normalizeUtterance(text).match(words) ?? []))
      if (!isFunctionWord(word)) counts.set(word, (counts.get(word) ?? 0) + turns);
  // Of equals, the one that was met first: the sort is stable.
  const [first = 'new', second] = [...counts].sort(([, n], [, m]) => m - n).map(([word]) => word);
  const han = /^\p{Script=Han}/u.test(first);
  const pair =
    han || second === undefined ? [first.slice(0, han ? hanCharacters : longest)] : [first, second];
  const id = pair.join('_').slice(0, longest);
  let unique = id;
  for (let n = 2; taken.has(unique); n++) unique = `${id}_${n}`;
  return unique;
}

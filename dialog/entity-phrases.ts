const letter = /[\p{L}\p{N}]/u;
const han = /\p{Script=Han}/u;
const space = /[\s-]/;

/** A phrase at its place in a text. */
export interface PhraseMatch {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

interface TrieNode {
  readonly next: Map<string, TrieNode>;
  value: string | null;
}

/**
 * Finds many phrases in one pass; the time depends on the text and the longest phrase, not on how many there are.
 *
 * Any run of spaces and hyphens is one space. Phrases and texts come normalised.
 */
export class PhraseTrie {
  readonly #root: TrieNode = { next: new Map(), value: null };

  /** Adds a phrase; of two values of one phrase the first stays. An empty phrase is left out. */
  add(phrase: string, value: string): void {
    let node = this.#root;
    for (const character of phrase.replace(/[\s-]+/g, ' ').trim()) {
      const known = node.next.get(character) ?? { next: new Map<string, TrieNode>(), value: null };
      node.next.set(character, known);
      node = known;
    }
    if (node !== this.#root) node.value ??= value;
  }

  /** The phrases in a text, in order and without overlaps: the leftmost first, of those the longest; whole words only. */
  find(text: string): PhraseMatch[] {
    const found: PhraseMatch[] = [];
    for (let at = 0; at < text.length;) {
      // No phrase begins with a gap; a long one would be passed over again from each of its places.
      const match = space.test(text.charAt(at)) || joinsWord(text, at) ? null : this.#longestAt(text, at);
      if (match) found.push(match);
      at = match?.end ?? at + 1;
    }
    return found;
  }

  #longestAt(text: string, start: number): PhraseMatch | null {
    let node: TrieNode | undefined = this.#root;
    let longest: PhraseMatch | null = null;
    for (let at = start; node && at < text.length;) {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      const gap: boolean = space.test(character);
      node = node.next.get(gap ? ' ' : character);
      at += character.length;
      while (gap && at < text.length && space.test(text.charAt(at))) at++;
      const value: string | null = node?.value ?? null;
      if (value !== null && !joinsWord(text, at)) longest = { value, start, end: at };
    }
    return longest;
  }
}

/** True inside a word: letters or digits on both sides, unless one is Chinese. */
function joinsWord(text: string, at: number): boolean {
  const [before, after] = [text.charAt(at - 1), text.charAt(at)];
  return letter.test(before) && letter.test(after) && !han.test(before) && !han.test(after);
}

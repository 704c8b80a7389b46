import { dialogLimits } from '../config/limits.js';

/** Traditional characters that recognisers know in their simplified form. */
const simplified: ReadonlyMap<string, string> = new Map(
  [...'萬万億亿兩两點点負负塊块個个圓圆錢钱後后參叁貳贰陸陆頭头張张號号數数幾几來来餘余'].flatMap(
    (character, i, all) => (i % 2 === 0 ? [[character, all[i + 1] ?? character] as const] : []),
  ),
);
const clusters = /[^]\p{M}*/gu;

/** Part of the text as it was given. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly raw: string;
}

/**
 * A text in the one form that recognisers read: compatibility forms folded (NFKC), lower case, cut at
 * `dialogLimits.utteranceCharacters`.
 *
 * Knows for each of its UTF-16 units where that came from, since folding changes lengths. The full-width comma stays:
 * it separates a list, where `,` may stand inside a number.
 */
export class NormalText {
  readonly text: string;
  readonly original: string;
  /** For each unit of `text`, and one more: where its cluster begins in `original`. */
  readonly #origins: number[] = [];

  constructor(original: string) {
    this.original = original.slice(0, dialogLimits.utteranceCharacters);
    let text = '';
    for (const match of this.original.matchAll(clusters)) {
      const folded = fold(match[0]);
      text += folded;
      for (let i = 0; i < folded.length; i++) this.#origins.push(match.index);
    }
    this.#origins.push(this.original.length);
    this.text = text;
  }

  /** The original of `text.slice(start, end)`; null when that is empty or cuts what was one character (`½`). */
  span(start: number, end: number): Span | null {
    if (start >= end || this.#cuts(start) || this.#cuts(end)) return null;
    const from = this.#origins[start] ?? 0;
    const to = this.#origins[end] ?? this.original.length;
    return { start: from, end: to, raw: this.original.slice(from, to) };
  }

  #cuts(at: number): boolean {
    return at > 0 && at < this.text.length && this.#origins[at] === this.#origins[at - 1];
  }
}

function fold(cluster: string): string {
  if (cluster === '，') return cluster;
  const known = simplified.get(cluster);
  if (known !== undefined) return known;
  return /^[一-鿿]$/.test(cluster) ? cluster : cluster.normalize('NFKC').toLowerCase();
}

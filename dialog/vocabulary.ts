import {
  forEachWordFeature,
  normalizeUtterance,
  visitFeatures,
  type FeatureVisitor,
} from './text-features.js';

/** A sparse vector of length 1 or less: `weights[i]` belongs to feature `ids[i]`; no id occurs twice. */
export interface SparseVector {
  readonly ids: Int32Array;
  readonly weights: Float32Array;
}

/** Softens the inverse document frequency: with few examples a rare word is as often chance as meaning. */
const rarityExponent = 0.85;

/**
 * The n-grams of a whole tree's examples, numbered, and how many examples hold each, so that every node weighs a word
 * alike and reads each example once. Complete it before the first matcher is fitted; matchers share it.
 */
export class DocumentFrequencies {
  readonly #ids = new Map<string, number>();
  /** What the kind of each n-gram counts, and how many examples hold it, by its number. */
  readonly #shares: number[] = [];
  readonly #counts: number[] = [];
  /** Numbers of the n-grams of each word seen: most words of an utterance cost one look-up instead of fifteen. */
  readonly #words = new Map<string, Int32Array>();
  /** Numbers of the n-grams of each example read. */
  readonly #examples = new Map<string, Int32Array>();
  /** Rarity by the number of examples, as far as asked for since the last example was counted. */
  #rarities: number[] = [];
  #documents = 0;

  /** The weight of an n-gram that no example holds, before its kind's share. */
  get unseen(): number {
    return this.#rarity(0);
  }

  /** Counts one example. */
  add(text: string): void {
    this.#documents++;
    this.#rarities = [];
    for (const id of this.featuresOf(text)) this.#counts[id] = (this.#counts[id] ?? 0) + 1;
  }

  /** The distinct n-grams of an example, numbered; new ones get a number but are not counted. */
  featuresOf(text: string): Int32Array {
    const known = this.#examples.get(text);
    if (known) return known;
    const distinct = new Set<number>();
    visitFeatures(normalizeUtterance(text), {
      feature: (feature, share) => distinct.add(this.#number(feature, share)),
      word: (word) => {
        for (const id of this.#learnWord(word)) distinct.add(id);
      },
    });
    const features = Int32Array.from(distinct);
    this.#examples.set(text, features);
    return features;
  }

  /** The number of an n-gram, if it has one. */
  idOf(feature: string): number | undefined {
    return this.#ids.get(feature);
  }

  /** The numbers of a word's n-grams, if an example holds the word. */
  wordFeatures(word: string): Int32Array | undefined {
    return this.#words.get(word);
  }

  /** Weight of a numbered n-gram: its kind's share times its smoothed inverse document frequency. */
  weight(id: number): number {
    return (this.#shares[id] ?? 1) * this.#rarity(this.#counts[id] ?? 0);
  }

  #rarity(count: number): number {
    const known = this.#rarities[count];
    if (known !== undefined) return known;
    const rarity = (Math.log((1 + this.#documents) / (1 + count)) + 1) ** rarityExponent;
    this.#rarities[count] = rarity;
    return rarity;
  }

  #number(feature: string, share: number): number {
    const known = this.#ids.get(feature);
    if (known !== undefined) return known;
    const id = this.#shares.length;
    this.#ids.set(feature, id);
    this.#shares.push(share);
    this.#counts.push(0);
    return id;
  }

  #learnWord(word: string): Int32Array {
    const known = this.#words.get(word);
    if (known) return known;
    const ids = new Set<number>();
    forEachWordFeature(word, (feature, share) => ids.add(this.#number(feature, share)));
    const features = Int32Array.from(ids);
    this.#words.set(word, features);
    return features;
  }
}

/** The n-grams of one candidate set, numbered from 0, out of those of its tree. */
export class Vocabulary {
  readonly #tree: DocumentFrequencies;
  /** Ours by the tree's number. */
  readonly #ids = new Map<number, number>();
  readonly #weights: number[] = [];
  /** Scratch of one `vectorize`: the n-grams met, and whether each was; all false between calls. */
  readonly #met: boolean[] = [];
  readonly #reader: FeatureVisitor = {
    feature: (feature, share) => this.#meetFeature(feature, share),
    word: (word) => this.#meetWord(word),
  };
  #touched: number[] = [];
  #unknownSquares = 0;

  constructor(tree: DocumentFrequencies) {
    this.#tree = tree;
  }

  get size(): number {
    return this.#weights.length;
  }

  /** The vector of an example, adding its n-grams to the vocabulary. */
  learn(text: string): SparseVector {
    this.#touched = [];
    this.#unknownSquares = 0;
    for (const feature of this.#tree.featuresOf(text)) this.#meet(this.#learn(feature));
    return this.#vector();
  }

  /**
   * The vector of an utterance. Unknown n-grams count in its length, so that words no example has lower every score
   * (measured: this is what makes the score usable as a confidence).
   */
  vectorize(text: string): SparseVector {
    this.#touched = [];
    this.#unknownSquares = 0;
    visitFeatures(normalizeUtterance(text), this.#reader);
    return this.#vector();
  }

  #meetFeature(feature: string, share: number): void {
    const id = this.#tree.idOf(feature);
    if (id === undefined) this.#unknownSquares += (share * this.#tree.unseen) ** 2;
    else this.#meetNumbered(id);
  }

  #meetWord(word: string): void {
    const known = this.#tree.wordFeatures(word);
    if (known) for (let i = 0; i < known.length; i++) this.#meetNumbered(known[i] ?? 0);
    else forEachWordFeature(word, this.#reader.feature);
  }

  #meetNumbered(treeId: number): void {
    const id = this.#ids.get(treeId);
    if (id === undefined) this.#unknownSquares += this.#tree.weight(treeId) ** 2;
    else this.#meet(id);
  }

  #meet(id: number): void {
    if (this.#met[id]) return;
    this.#met[id] = true;
    this.#touched.push(id);
  }

  #learn(treeId: number): number {
    const known = this.#ids.get(treeId);
    if (known !== undefined) return known;
    const id = this.#weights.length;
    this.#ids.set(treeId, id);
    this.#weights.push(this.#tree.weight(treeId));
    this.#met.push(false);
    return id;
  }

  /** A repeated n-gram counts once: in a sentence repetition is stammer, not meaning. */
  #vector(): SparseVector {
    let squares = this.#unknownSquares;
    const ids = Int32Array.from(this.#touched);
    const weights = new Float32Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] ?? 0;
      this.#met[id] = false;
      const weight = this.#weights[id] ?? 1;
      weights[i] = weight;
      squares += weight * weight;
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] ?? 0) * scale;
    return { ids, weights };
  }
}

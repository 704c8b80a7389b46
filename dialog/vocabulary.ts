import {
  forEachFeature,
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

/** Document frequencies of n-grams over a whole tree, so that every node weighs a word alike. */
export class DocumentFrequencies {
  readonly #counts = new Map<string, number>();
  #documents = 0;
  #unseen = 1;

  /** The inverse document frequency of an n-gram that no example holds. */
  get unseen(): number {
    return this.#unseen;
  }

  add(text: string): void {
    this.#documents++;
    this.#unseen = Math.log(1 + this.#documents) + 1;
    const seen = new Set<string>();
    forEachFeature(normalizeUtterance(text), (feature) => seen.add(feature));
    for (const feature of seen) this.#counts.set(feature, (this.#counts.get(feature) ?? 0) + 1);
  }

  /** Smoothed inverse document frequency, at least 1; a feature never seen has the highest. */
  inverse(feature: string): number {
    const count = this.#counts.get(feature);
    if (count === undefined) return this.unseen;
    return Math.log((1 + this.#documents) / (1 + count)) + 1;
  }
}

/** The n-grams known to one candidate set, with their inverse document frequencies. */
export class Vocabulary {
  readonly #ids = new Map<string, number>();
  readonly #inverse: number[] = [];
  readonly #frequencies: DocumentFrequencies;
  /** The n-grams of each word of the examples: most words of an utterance cost one look-up instead of twenty. */
  readonly #words = new Map<string, Int32Array>();
  /** Scratch for one `vectorize`: counts are all zero between calls. */
  readonly #counts: number[] = [];
  readonly #counter: FeatureVisitor = {
    feature: (feature) => this.#countFeature(feature),
    word: (word) => this.#countWord(word),
  };
  #touched: number[] = [];
  #unknownSquares = 0;

  constructor(frequencies: DocumentFrequencies) {
    this.#frequencies = frequencies;
  }

  get size(): number {
    return this.#inverse.length;
  }

  /** The vector of an example, adding its words and n-grams to the vocabulary. */
  learn(text: string): SparseVector {
    const normalized = normalizeUtterance(text);
    visitFeatures(normalized, {
      feature: (feature) => this.#learnFeature(feature),
      word: (word) => this.#learnWord(word),
    });
    return this.#vectorize(normalized);
  }

  /**
   * The vector of an utterance. Unknown n-grams count in its length, so that words no example has lower every score
   * (measured: this is what makes the score usable as a confidence).
   */
  vectorize(text: string): SparseVector {
    return this.#vectorize(normalizeUtterance(text));
  }

  #countFeature(feature: string): void {
    const id = this.#ids.get(feature);
    if (id === undefined) this.#unknownSquares += this.#frequencies.inverse(feature) ** 2;
    else this.#touch(id);
  }

  #countWord(word: string): void {
    const known = this.#words.get(word);
    if (known) for (let i = 0; i < known.length; i++) this.#touch(known[i] ?? 0);
    else forEachWordFeature(word, this.#counter.feature);
  }

  #touch(id: number): void {
    const count = this.#counts[id] ?? 0;
    if (count === 0) this.#touched.push(id);
    this.#counts[id] = count + 1;
  }

  #vectorize(normalized: string): SparseVector {
    this.#touched = [];
    this.#unknownSquares = 0;
    visitFeatures(normalized, this.#counter);
    let squares = this.#unknownSquares;
    const ids = Int32Array.from(this.#touched);
    const weights = new Float32Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] ?? 0;
      const count = this.#counts[id] ?? 0;
      this.#counts[id] = 0;
      const weight = (count === 1 ? 1 : 1 + Math.log(count)) * (this.#inverse[id] ?? 1);
      weights[i] = weight;
      squares += weight * weight;
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] ?? 0) * scale;
    return { ids, weights };
  }

  #learnFeature(feature: string): number {
    const known = this.#ids.get(feature);
    if (known !== undefined) return known;
    const id = this.#inverse.length;
    this.#ids.set(feature, id);
    this.#inverse.push(this.#frequencies.inverse(feature));
    this.#counts.push(0);
    return id;
  }

  #learnWord(word: string): void {
    if (this.#words.has(word)) return;
    const ids: number[] = [];
    forEachWordFeature(word, (feature) => ids.push(this.#learnFeature(feature)));
    this.#words.set(word, Int32Array.from(ids));
  }
}

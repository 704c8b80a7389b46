import { dialogLimits } from '../config/limits.js';
import { LinearClassifier, noClass } from './linear-classifier.js';
import { PostingLists } from './posting-lists.js';
import type { Candidate, ScoredBranch } from './scoring.js';
import { DocumentFrequencies, Vocabulary, type SparseVector } from './vocabulary.js';

const share = { centroid: 0.55, linear: 0.3, nearest: 0.15 } as const;

/**
 * The in-box matcher of one candidate set: class-centroid cosine, a linear classifier and the nearest examples over
 * TF-IDF n-grams, fused into one score of 0 to 1. Immutable after construction; deterministic; no dependency.
 *
 * Neither part alone is enough at five examples a branch: the centroid knows best what is out of scope, the linear
 * part tells close branches apart, the nearest examples make an author's own sentence win. Sets too large for the
 * linear part do without it.
 */
export class NgramMatcher {
  readonly #ids: readonly string[];
  readonly #vocabulary: Vocabulary;
  readonly #centroids: PostingLists;
  readonly #linear: LinearClassifier | null;
  readonly #examples: PostingLists;
  /** Branch of each example. */
  readonly #labels: readonly number[];

  /**
   * `frequencies` of the whole tree give better confidences than those of the set alone. `background` are sentences
   * that mean none of the candidates (`TreeExamples.background`): the linear part learns to leave them alone.
   */
  constructor(
    candidates: readonly Candidate[],
    frequencies = frequenciesOf(candidates),
    background: readonly string[] = [],
  ) {
    this.#ids = candidates.map((candidate) => candidate.id);
    this.#vocabulary = new Vocabulary(frequencies);
    const labels: number[] = [];
    const rows: SparseVector[] = [];
    const centroids = candidates.map(({ examples }, label) => {
      const own = examples.map((example) => this.#vocabulary.learn(example));
      rows.push(...own);
      labels.push(...own.map(() => label));
      return centroidOf(own);
    });
    this.#labels = labels;
    this.#linear = null;
    if ((rows.length + background.length) * candidates.length <= dialogLimits.linearMatcherSize) {
      const others = background.map((sentence) => this.#vocabulary.learn(sentence));
      const all = [...labels, ...others.map(() => noClass)];
      this.#linear = new LinearClassifier(
        [...rows, ...others],
        all,
        candidates.length,
        this.#vocabulary.size,
      );
    }
    this.#centroids = new PostingLists(centroids, this.#vocabulary.size);
    this.#examples = new PostingLists(rows, this.#vocabulary.size);
  }

  /** Every candidate's score for an utterance, best first; ties keep the order of the candidates. */
  match(text: string): ScoredBranch[] {
    const query = this.#vocabulary.vectorize(text);
    const centroid = this.#centroids.similarities(query, this.#ids.length);
    const linear = this.#linear?.scores(query) ?? centroid;
    const nearest = this.#nearest(query);
    const fused = this.#ids.map((branchId, label) => {
      const score =
        share.centroid * (centroid[label] ?? 0) +
        share.linear * (linear[label] ?? 0) +
        share.nearest * (nearest[label] ?? 0);
      return { branchId, score: Math.min(1, Math.max(0, score)) };
    });
    return fused.sort((a, b) => b.score - a.score);
  }

  /** Cosine of each branch's nearest example. */
  #nearest(query: SparseVector): Float64Array {
    const best = new Float64Array(this.#ids.length);
    const similarities = this.#examples.similarities(query, this.#labels.length);
    for (let row = 0; row < similarities.length; row++) {
      const label = this.#labels[row] ?? 0;
      best[label] = Math.max(best[label] ?? 0, similarities[row] ?? 0);
    }
    return best;
  }
}

/** How often each n-gram occurs over the examples of all `candidates`. */
export function frequenciesOf(candidates: Iterable<Candidate>): DocumentFrequencies {
  const frequencies = new DocumentFrequencies();
  for (const candidate of candidates) for (const example of candidate.examples) frequencies.add(example);
  return frequencies;
}

/** The direction of the mean of some vectors, of length 1. */
function centroidOf(vectors: readonly SparseVector[]): SparseVector {
  const sums = new Map<number, number>();
  for (const { ids, weights } of vectors) {
    ids.forEach((id, i) => sums.set(id, (sums.get(id) ?? 0) + (weights[i] ?? 0)));
  }
  let squares = 0;
  for (const sum of sums.values()) squares += sum * sum;
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  return {
    ids: Int32Array.from(sums.keys()),
    weights: Float32Array.from(sums.values(), (sum) => sum * scale),
  };
}

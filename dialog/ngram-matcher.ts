import { trainOneVsRest } from './linear-classifier.js';
import type { Candidate, ScoredBranch } from './scoring.js';
import { DocumentFrequencies, Vocabulary, type SparseVector } from './vocabulary.js';

const share = { centroid: 0.55, linear: 0.3, nearest: 0.15 } as const;

/**
 * The in-box matcher of one candidate set: class-centroid cosine, a linear classifier and the nearest examples over
 * TF-IDF n-grams, fused into one score of 0 to 1. Immutable after construction; deterministic; no dependency.
 *
 * Neither part alone is enough at five examples a branch: the centroid knows best what is out of scope, the linear
 * part tells close branches apart, the nearest examples make an author's own sentence win.
 */
export class NgramMatcher {
  readonly #ids: readonly string[];
  readonly #vocabulary: Vocabulary;
  readonly #centroids: Float32Array;
  readonly #linear: Float32Array;
  readonly #postings: readonly (readonly Posting[])[];
  readonly #labels: readonly number[];

  /** `frequencies` of the whole tree give slightly better confidences than those of the set alone. */
  constructor(candidates: readonly Candidate[], frequencies = frequenciesOf(candidates)) {
    this.#ids = candidates.map((candidate) => candidate.id);
    this.#vocabulary = new Vocabulary(frequencies);
    const labels: number[] = [];
    const rows: SparseVector[] = [];
    candidates.forEach((candidate, label) => {
      for (const example of candidate.examples) {
        rows.push(this.#vocabulary.learn(example));
        labels.push(label);
      }
    });
    this.#labels = labels;
    this.#centroids = centroidsOf(rows, labels, candidates.length, this.#vocabulary.size);
    this.#linear = trainOneVsRest(rows, labels, candidates.length, this.#vocabulary.size);
    this.#postings = postingsOf(rows, this.#vocabulary.size);
  }

  /** Every candidate's score for an utterance, best first; ties keep the order of the candidates. */
  match(text: string): ScoredBranch[] {
    const query = this.#vocabulary.vectorize(text);
    const classes = this.#ids.length;
    const centroid = new Float64Array(classes);
    const margin = new Float64Array(classes);
    const similarity = new Float64Array(this.#labels.length);
    for (let i = 0; i < query.ids.length; i++) {
      const id = query.ids[i] ?? 0;
      const weight = query.weights[i] ?? 0;
      for (let label = 0; label < classes; label++) {
        const at = id * classes + label;
        centroid[label] = (centroid[label] ?? 0) + weight * (this.#centroids[at] ?? 0);
        margin[label] = (margin[label] ?? 0) + weight * (this.#linear[at] ?? 0);
      }
      for (const posting of this.#postings[id] ?? []) {
        similarity[posting.row] = (similarity[posting.row] ?? 0) + weight * posting.weight;
      }
    }
    const nearest = this.#nearest(similarity);
    return this.#ids
      .map((branchId, label) => ({
        branchId,
        score: fuse(centroid[label] ?? 0, margin[label] ?? 0, nearest[label] ?? 0),
      }))
      .sort((a, b) => b.score - a.score);
  }

  #nearest(similarity: Float64Array): Float64Array {
    const best = new Float64Array(this.#ids.length);
    for (let row = 0; row < similarity.length; row++) {
      const label = this.#labels[row] ?? 0;
      best[label] = Math.max(best[label] ?? 0, similarity[row] ?? 0);
    }
    return best;
  }
}

interface Posting {
  readonly row: number;
  readonly weight: number;
}

/** How often each n-gram occurs over the examples of all `candidates`. */
export function frequenciesOf(candidates: Iterable<Candidate>): DocumentFrequencies {
  const frequencies = new DocumentFrequencies();
  for (const candidate of candidates) for (const example of candidate.examples) frequencies.add(example);
  return frequencies;
}

/** A margin of +1 (a support vector of the class) counts 1, of -1 counts 0. */
function fuse(centroid: number, margin: number, nearest: number): number {
  const linear = Math.min(1, Math.max(0, (margin + 1) / 2));
  const score = share.centroid * centroid + share.linear * linear + share.nearest * nearest;
  return Math.min(1, Math.max(0, score));
}

function centroidsOf(
  rows: readonly SparseVector[],
  labels: readonly number[],
  classes: number,
  features: number,
): Float32Array {
  const sums = new Float32Array(features * classes);
  rows.forEach((row, i) => {
    for (let j = 0; j < row.ids.length; j++) {
      const at = (row.ids[j] ?? 0) * classes + (labels[i] ?? 0);
      sums[at] = (sums[at] ?? 0) + (row.weights[j] ?? 0);
    }
  });
  const squares = new Float64Array(classes);
  for (let at = 0; at < sums.length; at++) {
    squares[at % classes] = (squares[at % classes] ?? 0) + (sums[at] ?? 0) ** 2;
  }
  for (let at = 0; at < sums.length; at++) {
    const square = squares[at % classes] ?? 0;
    if (square > 0) sums[at] = (sums[at] ?? 0) / Math.sqrt(square);
  }
  return sums;
}

function postingsOf(rows: readonly SparseVector[], features: number): Posting[][] {
  const postings: Posting[][] = Array.from({ length: features }, () => []);
  rows.forEach((vector, row) => {
    vector.ids.forEach((id, i) => postings[id]?.push({ row, weight: vector.weights[i] ?? 0 }));
  });
  return postings;
}

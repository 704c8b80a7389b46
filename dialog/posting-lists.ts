import type { SparseVector } from './vocabulary.js';

/** A sparse matrix by feature: for each one the targets (examples, branches) that hold it, and how much. */
export class PostingLists {
  /** Postings of feature `f` are at `#offsets[f]` up to `#offsets[f + 1]`. */
  readonly #offsets: Int32Array;
  readonly #targets: Int32Array;
  readonly #weights: Float32Array;

  /** `vectors[t]` is the vector of target `t`. */
  constructor(vectors: readonly SparseVector[], features: number) {
    const counts = new Int32Array(features + 1);
    for (const { ids } of vectors) for (const id of ids) counts[id + 1] = (counts[id + 1] ?? 0) + 1;
    for (let i = 1; i < counts.length; i++) counts[i] = (counts[i] ?? 0) + (counts[i - 1] ?? 0);
    this.#offsets = counts;
    const next = counts.slice();
    this.#targets = new Int32Array(counts[features] ?? 0);
    this.#weights = new Float32Array(counts[features] ?? 0);
    vectors.forEach(({ ids, weights }, target) => {
      ids.forEach((id, i) => {
        const at = next[id] ?? 0;
        next[id] = at + 1;
        this.#targets[at] = target;
        this.#weights[at] = weights[i] ?? 0;
      });
    });
  }

  /** The dot product of the query with each target's vector. */
  similarities(query: SparseVector, targets: number): Float64Array {
    const offsets = this.#offsets;
    const postings = this.#targets;
    const weights = this.#weights;
    const sums = new Float64Array(targets);
    for (let i = 0; i < query.ids.length; i++) {
      const id = query.ids[i] ?? 0;
      const weight = query.weights[i] ?? 0;
      const end = offsets[id + 1] ?? 0;
      for (let at = offsets[id] ?? 0; at < end; at++) {
        const target = postings[at] ?? 0;
        sums[target] = (sums[target] ?? 0) + weight * (weights[at] ?? 0);
      }
    }
    return sums;
  }
}

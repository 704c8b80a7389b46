import type { SparseVector } from './vocabulary.js';

const passes = 20;
const penalty = 4;
const tolerance = 0.01;

/**
 * One-vs-rest L2-loss support vector machines, trained by dual coordinate descent (Hsieh et al., ICML 2008,
 * algorithm 1). Rows are visited in a fixed order, so the same examples always give the same weights.
 */
export class LinearClassifier {
  readonly #classes: number;
  /** Weight of feature `f` for class `c` at `f * classes + c`. */
  readonly #weights: Float32Array;

  /** `labels[i]` is the class, 0 to `classes` - 1, of `rows[i]`, a vector of length 1. */
  constructor(rows: readonly SparseVector[], labels: readonly number[], classes: number, features: number) {
    this.#classes = classes;
    this.#weights = new Float32Array(features * classes);
    for (let target = 0; target < classes; target++) this.#train(rows, labels, target);
  }

  /** For each class 0 to 1: 1 at the margin of the class or beyond, 0 at that of the others, 0.5 undecided. */
  scores(query: SparseVector): Float64Array {
    const weights = this.#weights;
    const classes = this.#classes;
    const scores = new Float64Array(classes);
    for (let i = 0; i < query.ids.length; i++) {
      const from = (query.ids[i] ?? 0) * classes;
      const value = query.weights[i] ?? 0;
      for (let target = 0; target < classes; target++) {
        scores[target] = (scores[target] ?? 0) + value * (weights[from + target] ?? 0);
      }
    }
    return scores.map((margin) => Math.min(1, Math.max(0, (margin + 1) / 2)));
  }

  #train(rows: readonly SparseVector[], labels: readonly number[], target: number): void {
    const alphas = new Float64Array(rows.length);
    const diagonal = 1 / (2 * penalty);
    for (let pass = 0; pass < passes; pass++) {
      let largest = 0;
      rows.forEach((row, i) => {
        const sign = labels[i] === target ? 1 : -1;
        const alpha = alphas[i] ?? 0;
        const gradient = sign * this.#margin(row, target) - 1 + diagonal * alpha;
        const next = Math.max(0, alpha - gradient / (1 + diagonal));
        if (next === alpha) return;
        alphas[i] = next;
        this.#add(row, (next - alpha) * sign, target);
        largest = Math.max(largest, Math.abs(next - alpha));
      });
      if (largest < tolerance) return;
    }
  }

  #margin({ ids, weights: values }: SparseVector, target: number): number {
    const weights = this.#weights;
    const classes = this.#classes;
    let sum = 0;
    for (let i = 0; i < ids.length; i++) {
      sum += (values[i] ?? 0) * (weights[(ids[i] ?? 0) * classes + target] ?? 0);
    }
    return sum;
  }

  #add({ ids, weights: values }: SparseVector, factor: number, target: number): void {
    const weights = this.#weights;
    const classes = this.#classes;
    for (let i = 0; i < ids.length; i++) {
      const at = (ids[i] ?? 0) * classes + target;
      weights[at] = (weights[at] ?? 0) + factor * (values[i] ?? 0);
    }
  }
}

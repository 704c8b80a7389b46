import type { SparseVector } from './vocabulary.js';

const passes = 20;
const penalty = 4;
const tolerance = 0.01;

/** Label of a row that belongs to no class: an example of what all classes are not. */
export const noClass = -1;

/**
 * One-vs-rest L2-loss support vector machines, trained by dual coordinate descent (Hsieh et al., ICML 2008,
 * algorithm 1). Rows are visited in a fixed order, so the same examples always give the same weights.
 */
export class LinearClassifier {
  readonly #classes: number;
  /** Weight of feature `f` for class `c` at `f * classes + c`. */
  readonly #weights: Float32Array;

  /** `labels[i]` is the class, 0 to `classes` - 1 or `noClass`, of `rows[i]`, a vector of length 1. */
  constructor(rows: readonly SparseVector[], labels: readonly number[], classes: number, features: number) {
    this.#classes = classes;
    this.#weights = new Float32Array(features * classes);
    this.#train(rows, labels);
  }

  /** For each class 0 to 1: 1 at the margin of the class or beyond, 0 at that of the others, 0.5 undecided. */
  scores(query: SparseVector): Float64Array {
    const scores = new Float64Array(this.#classes);
    this.#addMargins(query, scores);
    return scores.map((margin) => Math.min(1, Math.max(0, (margin + 1) / 2)));
  }

  /** All classes at once, row by row: the problems are independent, and their weights lie side by side. */
  #train(rows: readonly SparseVector[], labels: readonly number[]): void {
    const classes = this.#classes;
    const alphas = new Float64Array(rows.length * classes);
    const diagonal = 1 / (2 * penalty);
    const margins = new Float64Array(classes);
    const changes = new Float64Array(classes);
    for (let pass = 0; pass < passes; pass++) {
      let largest = 0;
      rows.forEach((row, i) => {
        margins.fill(0);
        this.#addMargins(row, margins);
        let changed = false;
        for (let target = 0; target < classes; target++) {
          const sign = labels[i] === target ? 1 : -1;
          const at = i * classes + target;
          const alpha = alphas[at] ?? 0;
          const gradient = sign * (margins[target] ?? 0) - 1 + diagonal * alpha;
          const next = Math.max(0, alpha - gradient / (1 + diagonal));
          alphas[at] = next;
          changes[target] = (next - alpha) * sign;
          changed ||= next !== alpha;
          largest = Math.max(largest, Math.abs(next - alpha));
        }
        if (changed) this.#add(row, changes);
      });
      if (largest < tolerance) return;
    }
  }

  #addMargins({ ids, weights: values }: SparseVector, margins: Float64Array): void {
    const weights = this.#weights;
    const classes = this.#classes;
    for (let i = 0; i < ids.length; i++) {
      const from = (ids[i] ?? 0) * classes;
      const value = values[i] ?? 0;
      for (let target = 0; target < classes; target++) {
        margins[target] = (margins[target] ?? 0) + value * (weights[from + target] ?? 0);
      }
    }
  }

  #add({ ids, weights: values }: SparseVector, changes: Float64Array): void {
    const weights = this.#weights;
    const classes = this.#classes;
    for (let i = 0; i < ids.length; i++) {
      const from = (ids[i] ?? 0) * classes;
      const value = values[i] ?? 0;
      for (let target = 0; target < classes; target++) {
        weights[from + target] = (weights[from + target] ?? 0) + value * (changes[target] ?? 0);
      }
    }
  }
}

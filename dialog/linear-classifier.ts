import type { SparseVector } from './vocabulary.js';

const passes = 20;
const penalty = 4;
const tolerance = 0.01;

/**
 * One-vs-rest L2-loss support vector machines by dual coordinate descent (Hsieh et al., ICML 2008, algorithm 1).
 *
 * Returns the weights as `classes` values for each feature (`weights[feature * classes + class]`). Rows have unit
 * length; the order of visits is fixed, so the same examples always give the same weights.
 */
export function trainOneVsRest(
  rows: readonly SparseVector[],
  labels: readonly number[],
  classes: number,
  features: number,
): Float32Array {
  const weights = new Float32Array(features * classes);
  for (let target = 0; target < classes; target++) trainClass(rows, labels, target, classes, weights);
  return weights;
}

function trainClass(
  rows: readonly SparseVector[],
  labels: readonly number[],
  target: number,
  classes: number,
  weights: Float32Array,
): void {
  const alphas = new Float64Array(rows.length);
  const diagonal = 1 / (2 * penalty);
  for (let pass = 0; pass < passes; pass++) {
    let largest = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      if (!row) continue;
      const sign = labels[i] === target ? 1 : -1;
      const alpha = alphas[i] ?? 0;
      const gradient = sign * dot(row, weights, target, classes) - 1 + diagonal * alpha;
      const next = Math.max(0, alpha - gradient / (1 + diagonal));
      if (next === alpha) continue;
      alphas[i] = next;
      addScaled(row, (next - alpha) * sign, weights, target, classes);
      largest = Math.max(largest, Math.abs(next - alpha));
    }
    if (largest < tolerance) return;
  }
}

function dot(row: SparseVector, weights: Float32Array, target: number, classes: number): number {
  const { ids, weights: values } = row;
  let sum = 0;
  for (let i = 0; i < ids.length; i++) {
    sum += (values[i] ?? 0) * (weights[(ids[i] ?? 0) * classes + target] ?? 0);
  }
  return sum;
}

function addScaled(
  row: SparseVector,
  factor: number,
  weights: Float32Array,
  target: number,
  classes: number,
): void {
  const { ids, weights: values } = row;
  for (let i = 0; i < ids.length; i++) {
    const at = (ids[i] ?? 0) * classes + target;
    weights[at] = (weights[at] ?? 0) + factor * (values[i] ?? 0);
  }
}

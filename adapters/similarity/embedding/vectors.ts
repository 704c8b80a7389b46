import { similarityLimits } from '../../../config/limits.js';
import { SimilarityError } from '../similarity-error.js';

/**
 * Checks what a client answered, and brings every vector to length 1, in place.
 *
 * Throws SimilarityError (`garbage`) when the count is not that of the texts, a number is not finite, a vector is all
 * zeros, or lengths differ.
 */
export function normalizeAll(name: string, vectors: readonly Float32Array[], texts: number): Float32Array[] {
  if (vectors.length !== texts)
    throw new SimilarityError('garbage', `${name} sent ${vectors.length} vectors for ${texts} texts`);
  const dimension = vectors[0]?.length ?? 0;
  return vectors.map((vector) => {
    if (vector.length !== dimension)
      throw new SimilarityError(
        'garbage',
        `${name} sent vectors of ${dimension} and ${vector.length} dimensions`,
      );
    return normalize(name, vector);
  });
}

function normalize(name: string, vector: Float32Array): Float32Array {
  if (vector.length === 0 || vector.length > similarityLimits.dimensions)
    throw new SimilarityError('garbage', `${name} sent a vector of ${vector.length} dimensions`);
  let squares = 0;
  for (const value of vector) squares += value * value;
  // NaN and infinity of any element end up here.
  if (!Number.isFinite(squares))
    throw new SimilarityError('garbage', `${name} sent a vector with a number that is not finite`);
  if (squares === 0) throw new SimilarityError('garbage', `${name} sent a vector of zeros`);
  const scale = 1 / Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) * scale;
  return vector;
}

/** The cosine of two vectors of length 1 and of one dimension. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/**
 * The mean cosine of two vectors of different groups, 0 to 0.95; 0 when there are no two groups.
 *
 * Vectors of length 1. The sum over all pairs is the square of the sum of all vectors, so that no pair is visited.
 */
export function backgroundCosine(groups: readonly (readonly Float32Array[])[]): number {
  const dimension = groups.find((group) => group.length > 0)?.[0]?.length ?? 0;
  const everything = new Float64Array(dimension);
  let products = 0;
  let pairs = 0;
  let count = 0;
  for (const group of groups) {
    const own = new Float64Array(dimension);
    for (const vector of group) for (let i = 0; i < dimension; i++) own[i] = (own[i] ?? 0) + (vector[i] ?? 0);
    products -= squareOf(own);
    pairs -= group.length ** 2;
    count += group.length;
    for (let i = 0; i < dimension; i++) everything[i] = (everything[i] ?? 0) + (own[i] ?? 0);
  }
  products += squareOf(everything);
  pairs += count ** 2;
  return pairs === 0 ? 0 : Math.min(0.95, Math.max(0, products / pairs));
}

function squareOf(vector: Float64Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return sum;
}

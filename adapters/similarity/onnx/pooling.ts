import type { Pooling } from './model-directory.js';

/** Vectors of tokens: `texts` x `tokens` x `dimension` floats. */
export interface TokenVectors {
  readonly data: Float32Array;
  readonly texts: number;
  readonly tokens: number;
  readonly dimension: number;
}

/** One vector for each text. `mask` has 1 for each token that is there and 0 for padding, `texts` x `tokens`. */
export function pool(pooling: Pooling, vectors: TokenVectors, mask: BigInt64Array): Float32Array[] {
  return Array.from({ length: vectors.texts }, (_, text) => {
    if (pooling === 'cls') return tokenVector(vectors, text, 0).slice();
    return pooling === 'mean' ? meanOf(vectors, text, mask) : maxOf(vectors, text, mask);
  });
}

function meanOf(vectors: TokenVectors, text: number, mask: BigInt64Array): Float32Array {
  const mean = new Float32Array(vectors.dimension);
  let count = 0;
  for (const vector of presentTokens(vectors, text, mask)) {
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) + (vector[i] ?? 0);
    count++;
  }
  return mean.map((sum) => sum / Math.max(1, count));
}

function maxOf(vectors: TokenVectors, text: number, mask: BigInt64Array): Float32Array {
  const most = new Float32Array(vectors.dimension).fill(-Infinity);
  for (const vector of presentTokens(vectors, text, mask))
    for (let i = 0; i < most.length; i++) most[i] = Math.max(most[i] ?? 0, vector[i] ?? 0);
  return most;
}

function* presentTokens(vectors: TokenVectors, text: number, mask: BigInt64Array): Generator<Float32Array> {
  for (let token = 0; token < vectors.tokens; token++)
    if (mask[text * vectors.tokens + token] === 1n) yield tokenVector(vectors, text, token);
}

function tokenVector({ data, tokens, dimension }: TokenVectors, text: number, token: number): Float32Array {
  const start = (text * tokens + token) * dimension;
  return data.subarray(start, start + dimension);
}

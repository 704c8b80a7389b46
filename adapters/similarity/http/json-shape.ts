import { SimilarityError } from '../similarity-error.js';

/** An object's members; throws SimilarityError (`garbage`) for anything else. */
export function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw garbage(what, 'an object');
  return value as Readonly<Record<string, unknown>>;
}

/** A list; throws SimilarityError (`garbage`) for anything else. */
export function asList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw garbage(what, 'a list');
  return value;
}

/** A list of numbers as a vector; throws SimilarityError (`garbage`) for anything else. */
export function asVector(value: unknown, what: string): Float32Array {
  const list = asList(value, what);
  const vector = new Float32Array(list.length);
  for (const [i, item] of list.entries()) {
    if (typeof item !== 'number') throw garbage(what, 'a list of numbers');
    vector[i] = item;
  }
  return vector;
}

/** A whole number of at least 1, or null for anything else. */
export function positiveInteger(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
}

function garbage(what: string, expected: string): SimilarityError {
  return new SimilarityError('garbage', `${what} is not ${expected}`);
}

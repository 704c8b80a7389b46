/** Dimensions of `toyEmbedding`. */
export const toyDimensions = 96;

/** What all texts have in common, as in real models, whose unrelated texts are far from 0. */
const common = 1.5;

/**
 * An embedding that knows letters only: counts of pairs of neighbouring characters, hashed, plus a common direction.
 * For simulators: deterministic, never zero, not normalised.
 */
export function toyEmbedding(text: string): number[] {
  const vector = Array.from({ length: toyDimensions }, () => 0);
  const characters = Array.from(` ${text.toLowerCase()} `);
  for (let i = 0; i + 1 < characters.length; i++) {
    const bucket = 1 + (hash(`${characters[i] ?? ''}${characters[i + 1] ?? ''}`) % (toyDimensions - 1));
    vector[bucket] = (vector[bucket] ?? 0) + 1;
  }
  vector[0] = common * Math.sqrt(characters.length);
  return vector;
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return value;
}

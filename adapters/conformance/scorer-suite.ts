import { describe, expect, it } from 'vitest';
import { scorerRules, type ScorerFixture } from './scorer-rules.js';

/** Registers a test for every rule of `SimilarityScorer`; each test gets a fresh fixture and closes it. */
export function describeScorer(
  name: string,
  createFixture: () => Promise<ScorerFixture> | ScorerFixture,
): void {
  describe(`${name} keeps the rules of SimilarityScorer`, () => {
    it.each(scorerRules)('$name', async (rule) => {
      const fixture = await createFixture();
      try {
        expect(await rule.check(fixture)).toEqual([]);
      } finally {
        await fixture.close();
      }
    });
  });
}

import { describe, expect, it } from 'vitest';
import { synthesizerRules, type SynthesizerFixture } from './synthesizer-rules.js';

/** Registers a test for every rule of the `Synthesizer` interface; each test gets a fresh fixture and closes it. */
export function describeSynthesizer(
  name: string,
  createFixture: () => Promise<SynthesizerFixture> | SynthesizerFixture,
): void {
  describe(`${name} keeps the rules of Synthesizer`, () => {
    it.each(synthesizerRules)('$name', async (rule) => {
      const fixture = await createFixture();
      try {
        expect(await rule.check(fixture)).toEqual([]);
      } finally {
        await fixture.close();
      }
    });
  });
}

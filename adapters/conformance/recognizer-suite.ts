import { describe, expect, it } from 'vitest';
import { recognizerRules, type RecognizerFixture } from './recognizer-rules.js';

/** Registers a test for every rule of the `Recognizer` interface; each test gets a fresh fixture and closes it. */
export function describeRecognizer(
  name: string,
  createFixture: () => Promise<RecognizerFixture> | RecognizerFixture,
): void {
  describe(`${name} keeps the rules of Recognizer`, () => {
    it.each(recognizerRules)('$name', async (rule) => {
      const fixture = await createFixture();
      try {
        expect(await rule.check(fixture)).toEqual([]);
      } finally {
        await fixture.close();
      }
    });
  });
}

import { describe, expect, it } from 'vitest';
import type { SessionLogFixture } from './session-log-fixture.js';
import { sessionLogRules } from './session-log-rules.js';

/** Registers a test for every rule of `SessionLog`; each test gets a fresh, empty store and closes it. */
export function describeSessionLog(
  name: string,
  createFixture: () => Promise<SessionLogFixture> | SessionLogFixture,
): void {
  describe(`${name} keeps the rules of SessionLog`, () => {
    it.each(sessionLogRules)('$name', async (rule) => {
      const fixture = await createFixture();
      try {
        expect(await rule.check(fixture)).toEqual([]);
      } finally {
        await fixture.close();
      }
    });
  });
}

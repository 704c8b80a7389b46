import { describe, expect, it } from 'vitest';
import { routingStoreRules, type RoutingStoreFixture } from './routing-store-rules.js';

/** Registers a test for every rule of `RoutingStore`; each test gets a fresh fixture and closes it. */
export function describeRoutingStore(
  name: string,
  createFixture: () => Promise<RoutingStoreFixture> | RoutingStoreFixture,
): void {
  describe(`${name} keeps the rules of RoutingStore`, () => {
    it.each(routingStoreRules)('$name', async (rule) => {
      const fixture = await createFixture();
      try {
        expect(await rule.check(fixture)).toEqual([]);
      } finally {
        await fixture.close();
      }
    });
  });
}

import { expect, test } from 'vitest';

import { MemoryLogger } from '../../config/logger.js';
import type { Route, RouteLease } from '../ports/router.js';
import { settled } from '../session/testing/kit.js';
import { callerPresence } from './caller-presence.js';

function fixture() {
  const held: string[] = [];
  const logger = new MemoryLogger();
  let fails = false;
  const presence = callerPresence(
    {
      claim: async ({ tenant, userId }, device, connectionId): Promise<RouteLease> => {
        await settled();
        if (fails) throw new Error('closed');
        const name = `${tenant} ${userId} ${device}`;
        held.push(name);
        const route: Route = { nodeId: 'n', incarnation: '1', device, connectionId, epoch: 1 };
        const release = (): Promise<void> => {
          held.splice(held.indexOf(name), 1);
          return Promise.resolve();
        };
        return { route, shared: true, release };
      },
    },
    'acme',
    logger,
  );
  return {
    held,
    logger,
    presence,
    fail: () => {
      fails = true;
    },
  };
}

test('a caller is in the mapping while the call lasts', async () => {
  const { held, presence } = fixture();
  const { leave } = presence('+4912345', 'call.s1');
  await settled();
  await settled();
  expect(held).toEqual(['acme +4912345 call.s1']);
  leave();
  await settled();
  expect(held).toEqual([]);
});

test('a call that ends before the claim is answered leaves nothing behind', async () => {
  const { held, presence } = fixture();
  presence('alice', 'media.s1').leave();
  for (let i = 0; i < 4; i++) await settled();
  expect(held).toEqual([]);
});

test.each(['', 'anonymous', 'Unknown', 'a\nb', 'x'.repeat(129)])('%j is nobody', async (userId) => {
  const { held, presence } = fixture();
  presence(userId, 'call.s1').leave();
  await settled();
  expect(held).toEqual([]);
});

test('a mapping that cannot be reached costs the call nothing, and is told', async () => {
  const { fail, held, logger, presence } = fixture();
  fail();
  presence('alice', 'call.s1').leave();
  for (let i = 0; i < 4; i++) await settled();
  expect(held).toEqual([]);
  expect(logger.lines.map(({ message }) => message)).toEqual(['a caller is not in the mapping']);
});

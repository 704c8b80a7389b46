import { expect, it } from 'vitest';

import { MemoryRoutingServer } from '../../adapters/redis/memory-routing-server.js';
import { MemoryRoutingStore } from '../../adapters/redis/memory-routing-store.js';
import { FakeClock } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import type { Route, RouteLease } from '../ports/router.js';
import { RouterFleet, type FleetNode } from '../testing/router-fleet.js';

const users = ['ann', 'bob', 'cid', 'dee'].map((userId) => ({ tenant: 'acme', userId }));

function names(routes: readonly Route[]): string[] {
  return routes.map(({ device, connectionId }) => `${device} ${connectionId}`).toSorted();
}

/** Whatever happens meanwhile, in the end every device has one connection, and every node knows it. */
it.each(Array.from({ length: 30 }, (_, i) => i + 1))('nodes agree after faults, seed %i', async (seed) => {
  const random = new SeededRandom(seed);
  const clock = new FakeClock();
  const server = new MemoryRoutingServer(clock);
  const fleet = new RouterFleet(clock, () => new MemoryRoutingStore(server));
  const nodes: FleetNode<MemoryRoutingStore>[] = [];
  for (const nodeId of ['a', 'b', 'c']) nodes.push(await fleet.start(nodeId));
  const leases: RouteLease[] = [];
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)] as T;

  const connect = async (number: number): Promise<void> => {
    const device = pick(['web', 'app']);
    leases.push(await pick(nodes).router.claim(pick(users), device, `c${number}`, () => undefined));
  };
  const steps: ((number: number) => unknown)[] = [
    connect,
    connect,
    connect,
    () => (leases.length > 0 ? pick(leases).release() : undefined),
    () => pick(nodes).store.linkDown(),
    () => pick(nodes).store.linkUp(),
    () => pick(nodes).store.linkUp(),
    () => server.dropNext(random.integer(3)),
    () => (random.integer(10) === 0 ? server.loseEverything() : undefined),
    () => pick(nodes).router.sendToUser(pick(users), 'note', 1),
    () => fleet.wait(random.integer(5_000)),
  ];
  for (let number = 0; number < 80; number++) {
    void Promise.resolve(pick(steps)(number));
    await fleet.wait(random.integer(3) * 10);
  }

  server.dropNext(0);
  for (const { store } of nodes) store.linkUp();
  await fleet.wait(5_000);
  // Kicks may have been dropped: the renewal tells.
  clock.advance(routingLimits.userLeaseMs / 3);
  await fleet.wait(5_000);
  for (const user of users) {
    const stored = names(server.lookup(user));
    for (const { router } of nodes) expect(names((await router.lookup(user)).routes)).toEqual(stored);
  }
  const held = nodes.reduce((sum, { router }) => sum + router.readings().devices, 0);
  expect(held).toBe(users.reduce((sum, user) => sum + server.lookup(user).length, 0));

  await fleet.close();
  expect(users.flatMap((user) => server.lookup(user))).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

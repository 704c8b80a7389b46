import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MemoryRoutingServer } from '../../adapters/redis/memory-routing-server.js';
import { MemoryRoutingStore } from '../../adapters/redis/memory-routing-store.js';
import { FakeClock } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { RouterFleet } from '../testing/router-fleet.js';
import { KeyedQueue } from './keyed-queue.js';
import { LookupCache } from './lookup-cache.js';
import { NodeTable } from './node-table.js';
import { createCounts } from './readings.js';
import { Wire } from './wire.js';

const self = { nodeId: 'a', incarnation: 'a-1' };

describe('a wire', () => {
  const clock = new FakeClock();
  const counts = createCounts();
  const store = new MemoryRoutingStore(new MemoryRoutingServer(clock));
  const wire = new Wire({ store, clock, counts, logger: new MemoryLogger() });

  it('lets so many messages wait, so many characters, and only for so long', async () => {
    const waiting = [];
    for (let i = 0; i < routingLimits.waitingEnvelopes; i++) waiting.push(wire.post('b', null, 'x'));
    expect(wire.waiting).toBe(routingLimits.waitingEnvelopes);
    expect(await wire.post('b', null, 'x')).toBe('deferred');
    clock.advance(routingLimits.waitingMs);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['deferred']));
    expect(wire.waiting).toBe(0);
    expect(clock.pendingTimers).toBe(0);

    wire.up();
    wire.down();
    const half = 'x'.repeat(routingLimits.waitingCharacters / 2);
    const long = [wire.post('b', null, half), wire.post('b', null, half)];
    expect(await wire.post('b', null, 'x')).toBe('deferred');
    wire.close();
    expect(await Promise.all(long)).toEqual(['deferred', 'deferred']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has so many messages on the way', async () => {
    vi.spyOn(store, 'publish').mockReturnValue(new Promise(() => undefined));
    wire.up();
    for (let i = 0; i < routingLimits.waitingEnvelopes; i++) void wire.post('b', null, 'x');
    expect(await wire.post('b', null, 'x')).toBe('deferred');
    wire.close();
  });
});

describe('a cache of look-ups', () => {
  it('holds so many, and drops the least recently used', () => {
    const cache = new LookupCache(new FakeClock());
    for (let i = 0; i < routingLimits.lookups; i++) cache.set(`user${i}`, []);
    cache.fresh('user0');
    cache.set('one more', []);
    expect(cache.size).toBe(routingLimits.lookups);
    expect(cache.fresh('user0')).toEqual([]);
    expect(cache.fresh('user1')).toBeNull();
  });

  it('is fresh for a while, and known after that', () => {
    const clock = new FakeClock();
    const cache = new LookupCache(clock);
    cache.set('ann', []);
    clock.advance(routingLimits.lookupFreshMs - 1);
    expect(cache.fresh('ann')).toEqual([]);
    clock.advance(1);
    expect(cache.fresh('ann')).toBeNull();
    expect(cache.any('ann')).toEqual([]);
  });
});

describe('a table of nodes', () => {
  it('holds so many, those that are kept included', () => {
    const many = (name: string) =>
      Array.from({ length: routingLimits.nodes + 5 }, (_, i) => ({
        nodeId: `${name}${i}`,
        incarnation: '1',
        address: '',
        state: 'up' as const,
        load: 0,
      }));
    const table = new NodeTable(self);
    table.keepUntil(100);
    table.update(many('n'), 0);
    expect(table.size).toBe(routingLimits.nodes);
    table.update(many('m').slice(0, 3), 50);
    expect(table.size).toBe(routingLimits.nodes);
    table.update([], 100);
    expect(table.size).toBe(0);
  });
});

describe('a keyed queue', () => {
  it('goes on after a failure, and is empty in the end', async () => {
    const queue = new KeyedQueue();
    const order: number[] = [];
    const failed = queue.run('a', () => Promise.reject(new Error('first')));
    const second = queue.run('a', () => Promise.resolve(order.push(2)));
    const other = queue.run('b', () => Promise.resolve(order.push(1)));
    await expect(failed).rejects.toThrow('first');
    await Promise.all([second, other, queue.idle()]);
    expect(order).toEqual([1, 2]);
    expect(queue.size).toBe(0);
    expect(queue.has('a')).toBe(false);
  });
});

describe('a router with many devices', () => {
  let clock: FakeClock;
  let server: MemoryRoutingServer;
  let fleet: RouterFleet<MemoryRoutingStore>;

  beforeEach(() => {
    clock = new FakeClock();
    server = new MemoryRoutingServer(clock);
    fleet = new RouterFleet(clock, () => new MemoryRoutingStore(server));
  });
  afterEach(async () => {
    await fleet.close();
    expect(clock.pendingTimers).toBe(0);
  });

  const never = (): void => undefined;
  const user = (i: number) => ({ tenant: 'acme', userId: `user${i}` });

  it('renews them in batches at a third of the lease, and after the store was away', async () => {
    const { router, store } = await fleet.start('a');
    const count = routingLimits.renewBatch * 2 + 1;
    for (let i = 0; i < count; i++) await router.claim(user(i), 'web', `c${i}`, never);
    const renew = vi.spyOn(store, 'renew');
    await fleet.wait(routingLimits.userLeaseMs / 3 + 1_000);
    expect(renew.mock.calls.map(([routes]) => routes.length)).toEqual([200, 200, 1]);
    store.linkDown();
    server.loseEverything();
    store.linkUp();
    await fleet.wait(10);
    expect(renew.mock.calls.length).toBeLessThan(6);
    await fleet.wait(200);
    expect(router.readings().restored).toBe(count);
    expect(server.users).toBe(count);
  });

  it('ends its pauses when it is closed', async () => {
    const { router, store } = await fleet.start('a');
    for (let i = 0; i <= routingLimits.renewBatch; i++) await router.claim(user(i), 'web', `c${i}`, never);
    store.linkDown();
    store.linkUp();
    await fleet.settle();
    await router.close();
    expect(clock.pendingTimers).toBe(0);
    expect(router.readings().devices).toBe(0);
  });

  it('remembers so many users to tidy while the store is away', async () => {
    const { router, store } = await fleet.start('a');
    const leases = [];
    for (let i = 0; i < routingLimits.untidyUsers + 1; i++)
      leases.push(await router.claim(user(i), 'web', `c${i}`, never));
    store.linkDown();
    for (const lease of leases) await lease.release();
    const release = vi.spyOn(store, 'release');
    store.linkUp();
    await fleet.wait(2_000);
    expect(release).toHaveBeenCalledTimes(routingLimits.untidyUsers);
  });

  it('tries again when joining fails', async () => {
    const { router, store } = await fleet.start('a');
    store.linkDown();
    vi.spyOn(store, 'beat').mockRejectedValueOnce(new Error('not yet'));
    store.linkUp();
    await fleet.settle();
    expect(router.connected).toBe(false);
    await fleet.wait(1_000);
    expect(router.connected).toBe(true);
    expect(router.readings()).toMatchObject({ joins: 2, storeErrors: 1 });
  });

  it('claims again when that fails midway, and tells only then', async () => {
    const { router, store } = await fleet.start('a');
    await router.claim(user(1), 'web', 'c1', never);
    const back = vi.fn();
    router.onReconnected(back);
    store.linkDown();
    server.loseEverything();
    vi.spyOn(store, 'renew').mockRejectedValueOnce(new Error('not yet'));
    store.linkUp();
    await fleet.settle();
    expect(back).not.toHaveBeenCalled();
    await fleet.wait(1_000);
    expect(back).toHaveBeenCalledTimes(1);
    expect(server.lookup(user(1))).toHaveLength(1);
  });
});

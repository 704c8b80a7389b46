import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

import { createRoutingStore } from '../../adapters/redis/create-routing-store.js';
import type { RedisSettings } from '../../adapters/redis/redis-clients.js';
import { SystemClock } from '../../config/clock.js';
import { systemRandom } from '../../config/random.js';
import type { RoutingStore } from '../ports/routing-store.js';
import { deadAfterMs, RedisFleet, userNumber, type RunningNode } from '../testing/redis-fleet.js';
import { eventually, RedisCluster, RedisSentinels, RedisServer } from '../testing/redis-server.js';
import { TcpProxy } from '../testing/tcp-proxy.js';

const fleet = new RedisFleet();
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await fleet.close();
  for (const close of closers.splice(0).toReversed()) await close();
});

function storeAt(nodes: readonly string[], mode: RedisSettings['mode'] = 'single'): RoutingStore {
  const settings: RedisSettings = {
    mode,
    nodes: [...nodes],
    sentinelName: 'mymaster',
    username: '',
    password: null,
    tls: false,
    keyPrefix: 'gw',
  };
  return createRoutingStore(settings, new SystemClock(), systemRandom);
}

async function started<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const running = await starting;
  closers.push(() => running.close());
  return running;
}

/** Until a message from one node to a user on another is received there. */
async function eventuallyRoutes(from: RunningNode, to: RunningNode, number: number): Promise<void> {
  let attempt = 0;
  await eventually('a message comes through', async () => {
    const note = `try ${++attempt}`;
    await from.router.sendToUser(userNumber(number), 'note', note);
    await pause(20);
    return to.notes.includes(note);
  });
}

describe('routers over one Redis', () => {
  it('carry messages in order, follow a user, and kick who was there', async () => {
    const redis = await started(RedisServer.start());
    const a = await fleet.start('a', storeAt([redis.address]));
    const b = await fleet.start('b', storeAt([redis.address]));
    const c = await fleet.start('c', storeAt([redis.address]));
    await fleet.seat(b, userNumber(1));
    const numbers = Array.from({ length: 2_000 }, (_, i) => i);
    const outcomes = await Promise.all(numbers.map((i) => a.router.sendToUser(userNumber(1), 'note', i)));
    expect(new Set(outcomes)).toEqual(new Set(['sent']));
    await eventually('all have come', () => b.notes.length === 2_000);
    expect(b.notes).toEqual(numbers);
    const lease = await fleet.seat(c, userNumber(1));
    await eventually('the first connection is told', () => b.lost.length === 1);
    expect(await a.router.sendToUser(userNumber(1), 'note', 'moved')).toBe('sent');
    await eventually('it has come to the new node', () => c.notes.includes('moved'));
    await lease.release();
    expect((await b.router.lookup(userNumber(1))).routes).toEqual([]);
    expect(a.router.readings()).toMatchObject({ badEnvelopes: 0, handlerErrors: 0, storeErrors: 0 });
  });

  it('see a node that was killed as dead after its lease', async () => {
    const redis = await started(RedisServer.start());
    const proxy = await started(TcpProxy.start(redis.port));
    const a = await fleet.start('a', storeAt([redis.address]));
    const b = await fleet.start('b', storeAt([proxy.address]));
    await fleet.seat(b, userNumber(1));
    expect((await a.router.lookup(userNumber(1))).routes).toHaveLength(1);
    proxy.cut();
    const cutMs = performance.now();
    await eventually('nobody listens there', async () => {
      return (await a.router.send('b', b.router.node.incarnation, 'note', 1)) === 'no-node';
    });
    expect(performance.now() - cutMs).toBeLessThan(1_000);
    await eventually('it is dead', () => !a.router.lives(b.router.node));
    expect(performance.now() - cutMs).toBeLessThan(deadAfterMs + 2_500);
    expect((await a.router.lookup(userNumber(1))).routes).toEqual([]);
    expect(await a.router.sendToUser(userNumber(1), 'note', 1)).toBe('no-node');
  });

  it('defer while Redis is stopped for 3 s, and route as before when it is back', async () => {
    const redis = await started(RedisServer.start({ durable: true }));
    const a = await fleet.start('a', storeAt([redis.address]));
    const b = await fleet.start('b', storeAt([redis.address]));
    for (let i = 0; i < 300; i++) await fleet.seat(b, userNumber(i));
    await fleet.seat(a, userNumber(1_000));
    await eventuallyRoutes(a, b, 1);
    let reconnected = 0;
    b.router.onReconnected(() => reconnected++);
    await redis.stop();
    await eventually('both notice', () => !a.router.connected && !b.router.connected);
    expect((await a.router.health()).ok).toBe(false);
    await pause(2_500);
    expect(await a.router.sendToUser(userNumber(1), 'note', 'away')).toBe('deferred');
    const local = await fleet.seat(b, userNumber(500));
    expect(local.shared).toBe(false);
    expect(await a.router.lookup(userNumber(1))).toMatchObject({ fresh: false });
    expect(a.router.lives(b.router.node)).toBe(true);
    await redis.start();
    await eventually('b has claimed everything again', () => reconnected === 1);
    await eventually('a is back', () => a.router.connected);
    expect(local.shared).toBe(true);
    await eventuallyRoutes(a, b, 500);
    await eventuallyRoutes(b, a, 1_000);
    expect(b.lost).toEqual([]);
    expect((await a.router.health()).ok).toBe(true);
  });

  it('claim everything again in a Redis that was started empty', async () => {
    const redis = await started(RedisServer.start());
    const a = await fleet.start('a', storeAt([redis.address]));
    const b = await fleet.start('b', storeAt([redis.address]));
    const leases = [];
    for (let i = 0; i < 300; i++) leases.push(await fleet.seat(b, userNumber(i)));
    const moved = await fleet.seat(a, userNumber(7));
    await eventually('b has lost one', () => b.lost.length === 1);
    await redis.stop();
    await redis.start();
    await eventuallyRoutes(a, b, 1);
    await eventually('all are there', async () => Number(await redis.ask('dbsize')) >= 301);
    expect(b.router.readings().restored).toBe(299);
    for (const number of [0, 150, 299]) await eventuallyRoutes(a, b, number);
    expect((await b.router.lookup(userNumber(7))).routes).toEqual([moved.route]);
    expect(b.lost).toHaveLength(1);
  });

  it('outlive a partition of one node: what moved meanwhile is lost there, the rest is kept', async () => {
    const redis = await started(RedisServer.start());
    const proxy = await started(TcpProxy.start(redis.port));
    const a = await fleet.start('a', storeAt([redis.address]));
    const b = await fleet.start('b', storeAt([proxy.address]));
    await fleet.seat(b, userNumber(1));
    await fleet.seat(b, userNumber(2));
    proxy.stall();
    await eventually('b notices that nothing answers', () => !b.router.connected);
    await fleet.seat(b, userNumber(3));
    await pause(10);
    await fleet.seat(a, userNumber(1));
    await fleet.seat(a, userNumber(3));
    await eventually('a takes it for dead', () => !a.router.lives(b.router.node));
    proxy.open();
    await eventually('b is back', () => b.router.connected);
    await eventually('b has lost who moved', () => b.lost.length === 2);
    expect(b.lost.toSorted()).toEqual(['user1', 'user3']);
    await eventuallyRoutes(a, b, 2);
    await eventuallyRoutes(b, a, 1);
  });

  it('keep order and answers over a slow line', async () => {
    const redis = await started(RedisServer.start());
    const proxy = await started(TcpProxy.start(redis.port));
    proxy.delay(50);
    const a = await fleet.start('a', storeAt([redis.address]));
    const b = await fleet.start('b', storeAt([proxy.address]));
    await fleet.seat(b, userNumber(1));
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    await Promise.all(numbers.map((i) => a.router.sendToUser(userNumber(1), 'note', i)));
    await eventually('all have come', () => b.notes.length === 100);
    expect(b.notes).toEqual(numbers);
    expect((await b.router.health()).ok).toBe(true);
  });

  it('notice a Redis that is frozen', async () => {
    const redis = await started(RedisServer.start());
    const a = await fleet.start('a', storeAt([redis.address]));
    redis.freeze();
    try {
      const health = await a.router.health();
      expect(health.ok).toBe(false);
      await eventually('it counts as away', () => !a.router.connected);
      expect((await fleet.seat(a, userNumber(1))).shared).toBe(false);
    } finally {
      redis.thaw();
    }
    await eventually('it is back', () => a.router.connected);
    await eventually('the claim is shared', () => a.leases.get('user1')?.shared === true);
  });
});

describe('routers behind Sentinels', () => {
  it('go on with the replica when the master dies', async () => {
    const sentinels = await started(RedisSentinels.start());
    const addresses = [sentinels.sentinel.address];
    const a = await fleet.start('a', storeAt(addresses, 'sentinel'));
    const b = await fleet.start('b', storeAt(addresses, 'sentinel'));
    await fleet.seat(b, userNumber(1));
    await eventuallyRoutes(a, b, 1);
    await sentinels.master.stop();
    await eventually('both notice', () => !a.router.connected && !b.router.connected);
    await eventually('both are back', () => a.router.connected && b.router.connected);
    await eventuallyRoutes(a, b, 1);
    await fleet.seat(a, userNumber(2));
    await eventuallyRoutes(b, a, 2);
    expect(b.lost).toEqual([]);
    expect(await sentinels.replica.ask('role')).toContain('master');
  });
});

describe('routers over a cluster', () => {
  it('go on when the master of a channel dies and its replica takes over', async () => {
    const cluster = await started(RedisCluster.start({ replicas: 1 }));
    const a = await fleet.start('a', storeAt(cluster.addresses, 'cluster'));
    const b = await fleet.start('b', storeAt(cluster.addresses, 'cluster'));
    for (let i = 0; i < 50; i++) await fleet.seat(b, userNumber(i));
    await eventuallyRoutes(a, b, 1);
    await (await cluster.masterOf('gw:n:{b}')).stop();
    await eventually('b is deaf', () => !b.router.connected);
    await eventually('both are back', () => a.router.connected && b.router.connected);
    for (let i = 0; i < 50; i += 7) await eventuallyRoutes(a, b, i);
    await fleet.seat(a, userNumber(60));
    await eventuallyRoutes(b, a, 60);
    expect(b.lost).toEqual([]);
  });

  it('come back when the whole cluster was restarted', async () => {
    const cluster = await started(RedisCluster.start());
    const a = await fleet.start('a', storeAt(cluster.addresses, 'cluster'));
    const b = await fleet.start('b', storeAt(cluster.addresses, 'cluster'));
    for (let i = 0; i < 50; i++) await fleet.seat(b, userNumber(i));
    for (const server of cluster.servers) await server.stop();
    await eventually('both notice', () => !a.router.connected && !b.router.connected);
    for (const server of cluster.servers) await server.start();
    await eventually('both are back', () => a.router.connected && b.router.connected);
    for (let i = 0; i < 50; i += 7) await eventuallyRoutes(a, b, i);
    expect(b.lost).toEqual([]);
  });
});

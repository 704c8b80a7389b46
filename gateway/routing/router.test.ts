import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MemoryRoutingServer } from '../../adapters/redis/memory-routing-server.js';
import { MemoryRoutingStore } from '../../adapters/redis/memory-routing-store.js';
import { FakeClock } from '../../config/clock.js';
import { ann, bob, RouterFleet, type FleetNode } from '../testing/router-fleet.js';

type Node = FleetNode<MemoryRoutingStore>;

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

const never = (): void => {
  throw new Error('not lost');
};

/** Puts ann on a node, as a socket would. */
async function seat(node: Node, onLost: () => void = never, device = 'web.1', connectionId = 'c1') {
  node.here.add(ann.userId);
  return node.router.claim(ann, device, connectionId, onLost);
}

describe('claims', () => {
  it('are seen by every node and gone after release', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const lease = await seat(a);
    expect(lease.shared).toBe(true);
    expect(await b.router.lookup(ann)).toEqual({ routes: [lease.route], fresh: true });
    expect(await a.router.lookup(ann)).toEqual({ routes: [lease.route], fresh: true });
    await lease.release();
    await lease.release();
    expect((await a.router.lookup(ann)).routes).toEqual([]);
    await fleet.wait(5_000);
    expect((await b.router.lookup(ann)).routes).toEqual([]);
  });

  it('kick the connection that had the device, on this node and on another', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const lost = vi.fn();
    const first = await seat(a, lost);
    const second = await seat(a, lost, 'web.1', 'c2');
    expect(lost).toHaveBeenCalledTimes(1);
    const third = await seat(b, never, 'web.1', 'c3');
    await fleet.settle();
    expect(lost).toHaveBeenCalledTimes(2);
    expect(first.route.epoch).toBeLessThan(second.route.epoch);
    expect(second.route.epoch).toBeLessThan(third.route.epoch);
    await Promise.all([first.release(), second.release()]);
    expect((await b.router.lookup(ann)).routes).toEqual([third.route]);
    expect(a.router.readings()).toMatchObject({ devices: 0, lost: 2, kicksReceived: 1 });
  });

  it('do not call anybody when the same connection claims again', async () => {
    const a = await fleet.start('a');
    const first = await seat(a);
    const second = await seat(a);
    await first.release();
    expect((await a.router.lookup(ann)).routes).toEqual([second.route]);
  });

  it('that lost their kick are lost at the next renewal', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const lost = vi.fn();
    await seat(a, lost);
    server.dropNext();
    await seat(b, never, 'web.1', 'c2');
    await fleet.wait(100_000);
    expect(lost).not.toHaveBeenCalled();
    await fleet.wait(101_000);
    expect(lost).toHaveBeenCalledTimes(1);
  });

  it('end at once when a kick overtakes the answer to the claim', async () => {
    const a = await fleet.start('a');
    const b = await fleet.start('b');
    const lost = vi.fn();
    const claim = vi.spyOn(a.store, 'claim').mockImplementationOnce(async (...asked) => {
      const stored = server.claim(...asked);
      await seat(b, never, 'web.1', 'c2');
      await fleet.settle();
      return stored;
    });
    const lease = await seat(a, lost);
    expect(claim).toHaveBeenCalledTimes(1);
    expect(lost).toHaveBeenCalledTimes(1);
    expect(a.router.readings().devices).toBe(0);
    await lease.release();
    expect((await b.router.lookup(ann)).routes).toHaveLength(1);
  });

  it('of one user take turns', async () => {
    const a = await fleet.start('a');
    const lost = vi.fn();
    const leases = await Promise.all(
      ['c1', 'c2', 'c3'].map((connectionId) => seat(a, lost, 'web.1', connectionId)),
    );
    expect(lost).toHaveBeenCalledTimes(2);
    expect((await a.router.lookup(ann)).routes).toEqual([leases[2]?.route]);
    await Promise.all(leases.map((lease) => lease.release()));
    expect(server.lookup(ann)).toEqual([]);
  });

  it('of a dead node do not count, nor do those of an earlier start', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    await seat(a);
    a.store.linkDown();
    await fleet.wait(14_000);
    expect(b.router.lives(a.router.node)).toBe(false);
    expect((await b.router.lookup(ann)).routes).toEqual([]);
    const again = await fleet.start('a', 'a-2');
    await fleet.wait(4_000);
    expect(b.router.lives(again.router.node)).toBe(true);
    expect((await b.router.lookup(ann)).routes).toEqual([]);
    expect(await b.router.sendToUser(ann, 'note', 1)).toBe('no-node');
  });

  it('are refused after close, and given back by it', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    await seat(a);
    await a.router.close();
    await expect(seat(a)).rejects.toThrow('closed');
    expect(server.lookup(ann)).toEqual([]);
    await fleet.wait(4_000);
    expect(b.router.nodes().map(({ nodeId }) => nodeId)).toEqual(['b']);
  });
});

describe('messages', () => {
  it('reach one node in order', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const outcomes = await Promise.all([1, 2, 3].map((note) => a.router.send('b', null, 'note', note)));
    await fleet.settle();
    expect(outcomes).toEqual(['sent', 'sent', 'sent']);
    expect(b.notes).toEqual([1, 2, 3]);
    expect(await a.router.send('b', 'b-0', 'note', 4)).toBe('no-node');
    expect(await a.router.send('nobody', null, 'note', 4)).toBe('no-node');
    expect(await a.router.send('a', null, 'note', 5)).toBe('sent');
    expect(await a.router.send('a', 'a-0', 'note', 5)).toBe('no-node');
    await fleet.settle();
    expect(a.notes).toEqual([5]);
  });

  it('to a user reach every other node that has them, once each and in order', async () => {
    const [a, b, c] = [await fleet.start('a'), await fleet.start('b'), await fleet.start('c')];
    await seat(a, never, 'web.1', 'c1');
    await seat(b, never, 'web.2', 'c2');
    await seat(b, never, 'web.3', 'c3');
    await seat(c, never, 'app', 'c4');
    const outcomes = await Promise.all([1, 2, 3].map((note) => a.router.sendToUser(ann, 'note', note)));
    await fleet.settle();
    expect(outcomes).toEqual(['sent', 'sent', 'sent']);
    expect([a.notes, b.notes, c.notes]).toEqual([[], [1, 2, 3], [1, 2, 3]]);
    expect(await a.router.sendToUser(bob, 'note', 1)).toBe('no-node');
    expect(a.router.readings()).toMatchObject({ lookups: 2 });
  });

  it('follow a user who has moved', async () => {
    const [a, b, c] = [await fleet.start('a'), await fleet.start('b'), await fleet.start('c')];
    await seat(b, () => b.here.delete(ann.userId));
    expect(await a.router.sendToUser(ann, 'note', 1)).toBe('sent');
    await seat(c, never, 'web.1', 'c2');
    expect(await a.router.sendToUser(ann, 'note', 2)).toBe('sent');
    await fleet.settle();
    expect([b.notes, c.notes]).toEqual([[1], [2]]);
    expect(b.router.readings().nacksSent).toBe(1);
    expect(a.router.readings().nacksReceived).toBe(1);
  });

  it('go to nobody twice when one of several nodes has lost the user', async () => {
    const [a, b, c, d] = [
      await fleet.start('a'),
      await fleet.start('b'),
      await fleet.start('c'),
      await fleet.start('d'),
    ];
    await seat(b, () => b.here.delete(ann.userId));
    await seat(c, never, 'web.2', 'c2');
    await a.router.sendToUser(ann, 'note', 1);
    await seat(d, never, 'web.1', 'c3');
    await a.router.sendToUser(ann, 'note', 2);
    await fleet.settle();
    expect([b.notes, c.notes, d.notes]).toEqual([[1], [1, 2], [2]]);
  });

  it('are looked up no more than once more, and what is left of the user is tidied', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    server.claim(ann, 'web.1', { ...b.router.node, connectionId: 'gone' }, 600_000);
    expect(await a.router.sendToUser(ann, 'note', 1)).toBe('sent');
    await fleet.settle();
    expect(b.router.readings().nacksSent).toBeGreaterThanOrEqual(1);
    expect(a.router.readings().lookups).toBe(2);
    expect(server.lookup(ann)).toEqual([]);
  });

  it('are looked up once more when nobody listens at the node', async () => {
    const [a, b, c] = [await fleet.start('a'), await fleet.start('b'), await fleet.start('c')];
    await seat(b, () => undefined);
    await a.router.sendToUser(ann, 'note', 1);
    b.store.linkDown();
    await seat(c, never, 'web.1', 'c2');
    expect(await a.router.sendToUser(ann, 'note', 2)).toBe('sent');
    await fleet.settle();
    expect(c.notes).toEqual([2]);
  });

  it('that cannot be read are counted', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    server.publish('b', null, 'garbage');
    server.publish('b', null, '{"v":2,"kind":"message"}');
    await a.router.send('b', null, 'unknown', 1);
    b.router.on('bad', () => {
      throw new Error('handler');
    });
    await a.router.send('b', null, 'bad', 1);
    await fleet.settle();
    expect(b.router.readings()).toMatchObject({ badEnvelopes: 2, unknownTopics: 1, handlerErrors: 1 });
  });

  it('that are too large are deferred', async () => {
    const a = await fleet.start('a');
    expect(await a.router.send('b', null, 'note', 'x'.repeat(262_144))).toBe('deferred');
  });

  it('reach a user on a node that has just started', async () => {
    const a = await fleet.start('a');
    await fleet.wait(1_000);
    const b = await fleet.start('b');
    await seat(b);
    expect(await a.router.sendToUser(ann, 'note', 1)).toBe('sent');
    await fleet.settle();
    expect(b.notes).toEqual([1]);
  });
});

describe('while the store is away', () => {
  it('messages wait for a short time, then are deferred', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    a.store.linkDown();
    const early = a.router.send('b', null, 'note', 1);
    await fleet.wait(1_000);
    a.store.linkUp();
    expect(await early).toBe('sent');
    await fleet.settle();
    expect(b.notes).toEqual([1]);
    a.store.linkDown();
    const late = a.router.send('b', null, 'note', 2);
    await fleet.wait(2_000);
    expect(await late).toBe('deferred');
    expect(await a.router.send('b', null, 'note', 3)).toBe('deferred');
    expect(a.router.connected).toBe(false);
    expect((await a.router.health()).ok).toBe(false);
  });

  it('what was looked up goes on being used, and the rest is deferred', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const lease = await seat(b);
    await a.router.lookup(ann);
    a.store.linkDown();
    await fleet.wait(10_000);
    expect(await a.router.lookup(ann)).toEqual({ routes: [lease.route], fresh: false });
    expect(await a.router.lookup(bob)).toEqual({ routes: [], fresh: false });
    expect(await a.router.sendToUser(bob, 'note', 1)).toBe('deferred');
  });

  it('claims are local, and shared when it is back', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const reconnected = vi.fn();
    a.router.onReconnected(reconnected);
    a.store.linkDown();
    const lease = await seat(a);
    expect(lease.shared).toBe(false);
    expect((await a.router.lookup(ann)).routes).toEqual([lease.route]);
    await fleet.wait(3_000);
    a.store.linkUp();
    await fleet.settle();
    expect(lease.shared).toBe(true);
    expect(reconnected).toHaveBeenCalledTimes(1);
    expect(await b.router.lookup(ann)).toEqual({ routes: [lease.route], fresh: true });
  });

  it('a local claim yields to one that was made after it, and beats one from before', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const lostA = vi.fn();
    const lostB = vi.fn();
    await seat(b, lostB, 'app', 'c0');
    await fleet.wait(1_000);
    a.store.linkDown();
    await seat(a, lostA, 'web.1', 'c1');
    await seat(a, never, 'app', 'c2');
    await fleet.wait(1_000);
    await seat(b, never, 'web.1', 'c3');
    a.store.linkUp();
    await fleet.settle();
    expect(lostA).toHaveBeenCalledTimes(1);
    expect(lostB).toHaveBeenCalledTimes(1);
    expect((await b.router.lookup(ann)).routes).toHaveLength(2);
  });

  it('what was given back is tidied when it is back', async () => {
    const a = await fleet.start('a');
    const lease = await seat(a);
    a.store.linkDown();
    await lease.release();
    expect(server.lookup(ann)).toHaveLength(1);
    a.store.linkUp();
    await fleet.settle();
    expect(server.lookup(ann)).toEqual([]);
  });

  it('a store that was started empty learns everything again', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const lease = await seat(b);
    await a.router.lookup(ann);
    for (const { store } of [a, b]) store.linkDown();
    server.loseEverything();
    await fleet.wait(3_000);
    a.store.linkUp();
    await fleet.settle();
    expect(a.router.lives(b.router.node)).toBe(true);
    expect(await a.router.sendToUser(ann, 'note', 1)).toBe('deferred');
    b.store.linkUp();
    await fleet.wait(5_000);
    expect((await a.router.lookup(ann)).routes).toEqual([lease.route]);
    expect(await a.router.sendToUser(ann, 'note', 2)).toBe('sent');
    await fleet.settle();
    expect(b.notes).toEqual([2]);
    expect(b.router.readings().restored).toBe(1);
  });

  it('a claim whose answer was lost is shared at the next beat', async () => {
    const a = await fleet.start('a');
    vi.spyOn(a.store, 'claim').mockImplementationOnce((...asked) => {
      server.claim(...asked);
      return Promise.reject(new Error('no answer'));
    });
    const lease = await seat(a);
    expect(lease.shared).toBe(false);
    await fleet.wait(3_000);
    expect(lease.shared).toBe(true);
    expect(server.lookup(ann)).toEqual([lease.route]);
  });
});

describe('health', () => {
  it('is a round trip, and a deaf subscription is made anew', async () => {
    const a = await fleet.start('a');
    expect((await a.router.health()).ok).toBe(true);
    a.store.goDeaf();
    const health = a.router.health();
    await fleet.wait(2_000);
    expect((await health).ok).toBe(false);
    await fleet.wait(12_000);
    expect((await a.router.health()).ok).toBe(true);
    expect(a.router.readings()).toMatchObject({ probesLost: 2, joins: 2 });
  });

  it('says when another process has the node id', async () => {
    const [a, again] = [await fleet.start('a'), await fleet.start('a', 'a-2')];
    await fleet.wait(3_000);
    expect((await a.router.health()).detail).toContain('another process');
    expect((await again.router.health()).ok).toBe(true);
    expect(a.router.nodes()).toHaveLength(1);
  });

  it('tells others that this node drains', async () => {
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    await a.router.drain();
    await fleet.wait(3_000);
    expect(b.router.nodes().find(({ nodeId }) => nodeId === 'a')).toMatchObject({ state: 'draining' });
  });
});

import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import type { RoutingStore } from '../../gateway/ports/routing-store.js';
import { MemoryRoutingServer } from '../redis/memory-routing-server.js';
import { MemoryRoutingStore } from '../redis/memory-routing-store.js';
import { brokenRules } from './rule.js';
import { routingStoreRules, type RoutingStoreFixture } from './routing-store-rules.js';
import { describeRoutingStore } from './routing-store-suite.js';

/** Stores in memory; `alter` replaces some of their members. */
function inMemory(
  alter: (store: MemoryRoutingStore, server: MemoryRoutingServer) => Partial<RoutingStore> = () => ({}),
): RoutingStoreFixture {
  const clock = new FakeClock();
  const server = new MemoryRoutingServer(clock);
  const opened: RoutingStore[] = [];
  return {
    patienceMs: 1_000,
    quietMs: 10,
    wait: async (ms) => {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(ms);
    },
    open: async () => {
      const store = new MemoryRoutingStore(server);
      const received: string[] = [];
      await new Promise<void>((resolve) =>
        store.open({
          onUp: resolve,
          onDown: () => undefined,
          onMessage: (text) => received.push(text),
        }),
      );
      opened.push(store);
      return { store: altered(store, alter(store, server)), received };
    },
    loseEverything: () => Promise.resolve(server.loseEverything()),
    close: async () => {
      for (const store of opened) await store.close();
    },
  };
}

function altered(store: RoutingStore, changes: Partial<RoutingStore>): RoutingStore {
  return {
    open: (listener) => store.open(listener),
    claim: (...asked) => store.claim(...asked),
    renew: (...asked) => store.renew(...asked),
    release: (...asked) => store.release(...asked),
    lookup: (user) => store.lookup(user),
    beat: (...asked) => store.beat(...asked),
    retire: (node) => store.retire(node),
    subscribe: (node) => store.subscribe(node),
    publish: (...asked) => store.publish(...asked),
    reconnect: () => store.reconnect(),
    close: () => store.close(),
    ...changes,
  };
}

describeRoutingStore('MemoryRoutingStore', () => inMemory());

describe('the rules of RoutingStore catch', () => {
  it.each<[string, Parameters<typeof inMemory>[0], string]>([
    [
      'claims that nobody else sees',
      (store) => ({
        lookup: async (user) => (await store.lookup(user)).filter(({ nodeId }) => nodeId === 'a'),
      }),
      'lets every store see every claim',
    ],
    [
      'epochs that count from 1',
      (store) => {
        let epoch = 0;
        return { claim: async (...asked) => ({ ...(await store.claim(...asked)), epoch: ++epoch }) };
      },
      'gives epochs that rise with the time of the server',
    ],
    [
      'a claim that is not restored',
      (store) => ({
        renew: async (...asked) =>
          (await store.renew(...asked)).map((renewal) => ({ ...renewal, outcome: 'kept' as const })),
      }),
      'keeps and restores claims that are renewed',
    ],
    [
      'a release of what somebody else has',
      (store) => ({
        release: async (user, { device }) => {
          const there = (await store.lookup(user)).find((route) => route.device === device);
          return there ? store.release(user, there) : false;
        },
      }),
      'lets late calls change nothing',
    ],
    [
      'a renewal that always succeeds',
      (store) => ({
        renew: (routes) =>
          Promise.all(
            routes.map(async ({ user, route }) => {
              await store.claim(user, route.device, route, 60_000);
              return { outcome: 'restored' as const, epoch: route.epoch, ousted: null };
            }),
          ),
      }),
      'lets the younger claim win after a loss, in any order',
    ],
    [
      'one epoch for all devices',
      (store) => {
        let newest = 0;
        return {
          renew: async (routes, leaseMs) => {
            const renewals = await store.renew(routes, leaseMs);
            return renewals.map((renewal) => {
              const late = renewal.epoch < newest;
              newest = Math.max(newest, renewal.epoch);
              return late ? { ...renewal, outcome: 'lost' as const } : renewal;
            });
          },
          claim: async (user, ...asked) => {
            const stored = await store.claim(user, ...asked);
            newest = stored.epoch;
            return stored;
          },
        };
      },
      'keeps the devices of a user apart',
    ],
    [
      'a claim in two steps',
      (store) => ({
        claim: async (user, device, ...asked) => {
          const before = (await store.lookup(user)).filter((route) => route.device === device);
          await Promise.resolve();
          return { ...(await store.claim(user, device, ...asked)), ousted: before };
        },
      }),
      'gives claims at the same time one order',
    ],
    [
      'answers in another order',
      (store) => ({ renew: async (...asked) => (await store.renew(...asked)).toReversed() }),
      'renews many at once',
    ],
    [
      'a lease that never ends',
      (store) => ({ renew: (routes) => store.renew(routes, 1e9) }),
      'ends claims with their lease',
    ],
    [
      'keys that are only put together',
      (store) => {
        const joined = (user: { tenant: string; userId: string }) => ({
          tenant: '',
          userId: `${user.tenant}:${user.userId}`,
        });
        return {
          claim: (user, ...asked) => store.claim(joined(user), ...asked),
          lookup: (user) => store.lookup(joined(user)),
        };
      },
      'takes any name for itself',
    ],
    [
      'devices without number',
      (store, server) => ({
        claim: async (user, ...asked) => {
          const stored = await store.claim(user, ...asked);
          for (const route of stored.ousted) server.renew(user, { ...route, device: `${route.device}x` }, 1);
          return { ...stored, ousted: [] };
        },
      }),
      'bounds the devices of a user',
    ],
    [
      'nodes that never die',
      (store) => ({ beat: (record, _leaseMs, first) => store.beat(record, 1e9, first) }),
      'lets nodes live while they beat',
    ],
    [
      'an old start that comes back',
      (store) => ({ beat: (record, leaseMs) => store.beat(record, leaseMs, true) }),
      'lets a new start take a node id over',
    ],
    [
      'messages that are said to be delivered',
      (store) => ({
        publish: async (...asked) => {
          await store.publish(...asked);
          return 'delivered';
        },
      }),
      'publishes in order, and says when there is nobody',
    ],
    ['a store that goes on', () => ({ close: () => Promise.resolve() }), 'is silent after close'],
  ])('%s', async (_fault, alter, rule) => {
    expect(await brokenRules(routingStoreRules, () => inMemory(alter))).toContain(rule);
  });
});

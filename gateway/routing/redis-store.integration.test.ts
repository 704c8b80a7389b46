import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SystemClock } from '../../config/clock.js';
import { systemRandom } from '../../config/random.js';
import { Secret } from '../../config/secret.js';
import type { RoutingStore } from '../ports/routing-store.js';
import { eventually, RedisCluster, RedisSentinels, RedisServer } from '../testing/redis-server.js';
import type { OpenedStore, RoutingStoreFixture } from '../../adapters/conformance/routing-store-rules.js';
import { describeRoutingStore } from '../../adapters/conformance/routing-store-suite.js';
import { createRoutingStore } from '../../adapters/redis/create-routing-store.js';
import type { RedisSettings } from '../../adapters/redis/redis-clients.js';

const defaults: RedisSettings = {
  mode: 'single',
  nodes: [],
  sentinelName: 'mymaster',
  username: '',
  password: null,
  tls: false,
  keyPrefix: 'gw',
};

const clock = new SystemClock();

async function openStore(settings: RedisSettings): Promise<OpenedStore> {
  const store = createRoutingStore(settings, clock, systemRandom);
  const received: string[] = [];
  let up = false;
  store.open({
    onUp: () => (up = true),
    onDown: () => (up = false),
    onMessage: (text) => received.push(text),
  });
  await eventually('the store is up', () => up);
  return { store, received };
}

/** Stores on a server that is there already, and is emptied first. */
async function onServer(
  settings: RedisSettings,
  flush: () => Promise<unknown>,
): Promise<RoutingStoreFixture> {
  const stores: RoutingStore[] = [];
  await flush();
  return {
    patienceMs: 10_000,
    quietMs: 100,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    open: async () => {
      const opened = await openStore(settings);
      stores.push(opened.store);
      return opened;
    },
    loseEverything: async () => void (await flush()),
    close: async () => {
      for (const store of stores) await store.close();
    },
  };
}

describe('a single server with a password', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start({ password: 'correct horse' });
  });
  afterAll(() => server.close());
  const settings = (): RedisSettings => ({
    ...defaults,
    nodes: [server.address],
    password: new Secret('correct horse'),
  });

  describeRoutingStore('RedisRoutingStore', () => onServer(settings(), () => server.ask('flushall')));

  it('begins every key and channel with the prefix', async () => {
    await server.ask('flushall');
    const { store } = await openStore({ ...settings(), keyPrefix: 'mine' });
    const node = { nodeId: 'a', incarnation: 'a-1' };
    await store.subscribe(node);
    await store.beat({ ...node, address: '', state: 'up', load: 0 }, 1_000, true);
    await store.claim({ tenant: 't', userId: 'u' }, 'web', { ...node, connectionId: 'c' }, 1_000);
    expect((await server.ask('keys', '*')).split('\n').toSorted()).toEqual(['mine:u:{t:u}', 'mine:{nodes}']);
    const channels = await server.ask('pubsub', 'shardchannels');
    expect(channels.split('\n').toSorted()).toEqual(['mine:n:{a}', 'mine:n:{a}:a-1']);
    await store.close();
  });

  it('says nothing of the password when it is wrong', async () => {
    const store = createRoutingStore(
      { ...settings(), password: new Secret('a wrong password') },
      clock,
      systemRandom,
    );
    store.open({ onUp: () => undefined, onDown: () => undefined, onMessage: () => undefined });
    const failed = await store.lookup({ tenant: 't', userId: 'u' }).catch((err: unknown) => err);
    expect(failed).toBeInstanceOf(Error);
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain('a wrong password');
    await store.close();
  });
});

describe('a cluster of three masters', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.close());

  describeRoutingStore('RedisRoutingStore', () =>
    onServer({ ...defaults, mode: 'cluster', nodes: [...cluster.addresses] }, () => cluster.flush()),
  );
});

describe('a master with a replica and a sentinel', () => {
  let sentinels: RedisSentinels;
  beforeAll(async () => {
    sentinels = await RedisSentinels.start('correct horse');
  });
  afterAll(() => sentinels.close());

  describeRoutingStore('RedisRoutingStore', () =>
    onServer(
      {
        ...defaults,
        mode: 'sentinel',
        nodes: [sentinels.sentinel.address],
        password: new Secret('correct horse'),
      },
      () => sentinels.master.ask('flushall'),
    ),
  );
});

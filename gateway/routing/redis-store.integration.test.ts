import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
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
const run = promisify(execFile);

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

  it('logs in as a user of an access list', async () => {
    await server.ask('acl', 'setuser', 'parley', 'on', '>another secret', 'allkeys', 'allchannels', '+@all');
    const { store } = await openStore({
      ...settings(),
      username: 'parley',
      password: new Secret('another secret'),
    });
    expect(await store.lookup({ tenant: 't', userId: 'nobody' })).toEqual([]);
    expect(await server.ask('client', 'list')).toContain('user=parley');
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

describe('a server that speaks TLS', () => {
  let directory: string;
  let server: RedisServer;
  let certificate: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-tls-'));
    certificate = join(directory, 'certificate.pem');
    const key = join(directory, 'key.pem');
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    await run('openssl', [...words, '-keyout', key, '-out', certificate, '-days', '2', ...subject]);
    server = await RedisServer.start({ tls: { certificate, key } });
  });
  afterAll(async () => {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('is refused when nobody vouches for its certificate', async () => {
    const settings: RedisSettings = { ...defaults, nodes: [server.address], tls: true };
    const store = createRoutingStore(settings, clock, systemRandom);
    const reason = await new Promise((resolve) =>
      store.open({ onUp: () => resolve('up'), onDown: resolve, onMessage: () => undefined }),
    );
    expect(reason).toContain('self-signed certificate');
    await store.close();
  });

  it('is taken when the system trusts its certificate', async () => {
    const module = new URL('../../adapters/redis/create-routing-store.js', import.meta.url).href;
    const clockModule = new URL('../../config/clock.js', import.meta.url).href;
    const randomModule = new URL('../../config/random.js', import.meta.url).href;
    const settings: RedisSettings = {
      ...defaults,
      nodes: [server.address.replace('127.0.0.1', 'localhost')],
      tls: true,
    };
    const script = `
      const { createRoutingStore } = await import('${module}');
      const { SystemClock } = await import('${clockModule}');
      const { systemRandom } = await import('${randomModule}');
      const store = createRoutingStore(${JSON.stringify(settings)}, new SystemClock(), systemRandom);
      const node = { nodeId: 'a', incarnation: 'a-1' };
      store.open({
        onUp: async () => {
          await store.subscribe(node);
          await store.publish('a', null, 'hello');
        },
        onDown: (reason) => { console.log(reason); process.exit(1); },
        onMessage: (text) => { console.log(text); process.exit(0); },
      });`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate },
      timeout: 20_000,
    });
    expect(stdout.trim()).toBe('hello');
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

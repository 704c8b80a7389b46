import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';

import { PostgresSessionLog } from '../adapters/database/postgres/postgres-session-log.js';
import { SystemClock } from '../config/clock.js';
import { MemoryLogger } from '../config/logger.js';
import { systemRandom } from '../config/random.js';
import type { LogMessage } from './ports/session-log.js';
import { ChatLoad, type ChatLoadReport } from './testing/chat-load.js';
import { ChatNodes } from './testing/chat-nodes.js';
import { countingText } from './testing/counting-tree.js';
import { PostgresServer } from './testing/postgres-server.js';
import { RedisCluster, RedisSentinels, RedisServer } from './testing/redis-server.js';
import { TcpProxy } from './testing/tcp-proxy.js';

const secret = 'a secret of the fault test, 32 characters';
const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.close();
});

function closing<T extends { close(): Promise<unknown> }>(part: T): T {
  open.push(part);
  return part;
}

interface Fault {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

/** Runs the faults while the clients talk; resolves with what became of every message. */
async function talkThrough(
  nodes: ChatNodes,
  postgres: PostgresServer,
  options: { readonly clients: number; readonly everyMs: number; readonly faults: readonly Fault[] },
): Promise<ChatLoadReport> {
  const { clients, everyMs, faults } = options;
  const load = await ChatLoad.connect({ clients, everyMs, text: countingText, urls: nodes.urls, secret });
  open.push({ close: () => Promise.resolve(load.close()) });
  load.start();
  await pause(2_000);
  for (const { name, run } of faults) {
    const startedAtMs = performance.now();
    await run();
    const acknowledged = load.peers.filter(({ unacknowledged }) => unacknowledged === 0).length;
    const tookMs = Math.round(performance.now() - startedAtMs);
    console.info(`${name}: ${tookMs} ms, ${acknowledged} of ${clients} clients have every acknowledgement`);
  }
  await load.settle(60_000);
  const deps = { clock: new SystemClock(), random: systemRandom, logger: new MemoryLogger() };
  const log = closing(
    await PostgresSessionLog.open({ url: postgres.url, schema: 'parley', connections: 2 }, deps),
  );
  const report = await load.report(async (sessionId) => {
    const messages: LogMessage[] = [];
    const ref = { tenant: 'default', sessionId };
    for (let page = await log.read(ref, 0, 500); page.length > 0;)
      page = await log.read(ref, messages.push(...page), 500);
    return messages;
  });
  const { answered, connects, longestAckMs, longestAnswerMs, sent } = report;
  console.info(
    `${clients} clients, ${sent} messages, ${answered} answers, ${connects} connects, ${faults.length} faults; ` +
      `longest wait for an acknowledgement ${longestAckMs} ms, for an answer ${longestAnswerMs} ms`,
  );
  return report;
}

function expectWhole(report: ChatLoadReport): void {
  expect(report.faults).toEqual([]);
  expect(report.answered).toBe(report.sent);
  expect(report.sent).toBeGreaterThan(5 * report.clients);
}

async function startPostgres(): Promise<PostgresServer> {
  const postgres = await PostgresServer.start();
  open.push({ close: () => postgres.stop() });
  return postgres;
}

test('nothing is lost, doubled or out of order whatever dies: nodes, Redis, and the way between them', async () => {
  const postgres = await startPostgres();
  const redis = closing(await RedisServer.start());
  const proxy = closing(await TcpProxy.start(redis.port));
  const nodes = closing(
    await ChatNodes.start({
      nodes: 3,
      postgresUrl: postgres.url,
      secret,
      redis: (node) => ({
        'redis.mode': 'single',
        'redis.nodes': node === 2 ? proxy.address : redis.address,
      }),
    }),
  );
  const faults: Fault[] = [
    { name: 'node 0 is killed', run: () => nodes.kill(0).then(() => pause(4_000)) },
    { name: 'node 0 starts again', run: () => nodes.startNode(0).then(() => pause(1_000)) },
    {
      name: 'node 1 drains',
      run: async () => {
        expect(await nodes.drain(1)).toBe(0);
        await pause(1_000);
      },
    },
    { name: 'node 1 starts again', run: () => nodes.startNode(1).then(() => pause(1_000)) },
    { name: 'Redis stops', run: () => redis.stop().then(() => pause(4_000)) },
    { name: 'Redis starts again, empty', run: () => redis.start().then(() => pause(3_000)) },
    {
      name: 'node 2 is cut off from Redis',
      run: async () => {
        proxy.cut();
        await pause(6_000);
        proxy.open();
        await pause(2_000);
      },
    },
    {
      name: 'node 2 is killed while Redis is frozen',
      run: async () => {
        redis.freeze();
        await nodes.kill(2);
        await pause(3_000);
        redis.thaw();
      },
    },
    { name: 'node 2 starts again', run: () => nodes.startNode(2).then(() => pause(2_000)) },
    {
      name: 'PostgreSQL restarts',
      run: () =>
        postgres
          .pause()
          .then(() => postgres.resume())
          .then(() => pause(3_000)),
    },
  ];
  expectWhole(await talkThrough(nodes, postgres, { clients: 200, everyMs: 2_000, faults }));
}, 240_000);

test('the same with Redis as a cluster of three masters, one of which fails', async () => {
  const postgres = await startPostgres();
  const redis = closing(await RedisCluster.start({ masters: 3, replicas: 1 }));
  const nodes = closing(
    await ChatNodes.start({
      nodes: 3,
      postgresUrl: postgres.url,
      secret,
      redis: () => ({ 'redis.mode': 'cluster', 'redis.nodes': redis.addresses.join(',') }),
    }),
  );
  const faults: Fault[] = [
    { name: 'node 0 is killed', run: () => nodes.kill(0).then(() => pause(3_000)) },
    { name: 'node 0 starts again', run: () => nodes.startNode(0).then(() => pause(1_000)) },
    {
      name: 'the master of the nodes fails and its replica takes over',
      run: async () => {
        await (await redis.masterOf('gw:{nodes}')).stop();
        await pause(8_000);
      },
    },
    { name: 'the cluster is emptied', run: () => redis.flush().then(() => pause(3_000)) },
  ];
  expectWhole(await talkThrough(nodes, postgres, { clients: 60, everyMs: 1_500, faults }));
}, 180_000);

test('the same with Sentinel, when the master fails over', async () => {
  const postgres = await startPostgres();
  const redis = closing(await RedisSentinels.start());
  const nodes = closing(
    await ChatNodes.start({
      nodes: 2,
      postgresUrl: postgres.url,
      secret,
      redis: () => ({
        'redis.mode': 'sentinel',
        'redis.nodes': redis.sentinel.address,
        'redis.sentinelName': 'mymaster',
      }),
    }),
  );
  const faults: Fault[] = [
    { name: 'the master fails', run: () => redis.master.stop().then(() => pause(9_000)) },
    { name: 'node 1 is killed', run: () => nodes.kill(1).then(() => pause(2_000)) },
    { name: 'node 1 starts again', run: () => nodes.startNode(1).then(() => pause(1_000)) },
  ];
  expectWhole(await talkThrough(nodes, postgres, { clients: 60, everyMs: 1_500, faults }));
}, 180_000);

import { expect, test } from 'vitest';

import { JobRunner } from './job-runner.js';
import { sessionJobs } from './session-jobs.js';
import {
  createCluster,
  idleEndMs,
  noInputMs,
  openSession,
  quiet,
  say,
  type TestNode,
} from './testing/kit.js';

type Cluster = Awaited<ReturnType<typeof createCluster>>;

function runJobs({ clock }: Cluster, { faults, hub, logger }: TestNode, idleMs = idleEndMs): JobRunner {
  const { log } = faults;
  const runner = new JobRunner({
    log,
    handlers: sessionJobs({ hub, log, idleEndMs: idleMs, clock }),
    clock,
    logger,
  });
  runner.start();
  return runner;
}

async function pass(cluster: Cluster, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    cluster.clock.advance(Math.min(1_000, left));
    await quiet();
  }
}

test('a user who says nothing is asked once, then the session ends', async () => {
  const cluster = await createCluster();
  const node = await cluster.createNode('a');
  const runner = runJobs(cluster, node);
  const ref = await openSession(node);
  const { subscriber } = await node.follow(ref);
  await pass(cluster, noInputMs - 1_000);
  expect(subscriber.lines).toHaveLength(2);
  await pass(cluster, 3_000);
  expect(subscriber.lines.slice(2)).toEqual(['3 bot Hello?']);
  await pass(cluster, noInputMs + 3_000);
  expect(subscriber.lines.slice(3)).toEqual(['4 bot One moment.', '5 system (ended)']);
  await runner.close();
});

test('whoever says something in time is not asked', async () => {
  const cluster = await createCluster();
  const node = await cluster.createNode('a');
  const runner = runJobs(cluster, node);
  const ref = await openSession(node);
  const { subscriber } = await node.follow(ref);
  await pass(cluster, noInputMs - 5_000);
  await say(node, ref, 'my bill');
  await pass(cluster, noInputMs - 5_000);
  expect(subscriber.lines).toHaveLength(4);
  await runner.close();
});

test('the owner asks, whichever node the job came to', async () => {
  const cluster = await createCluster();
  const owner = await cluster.createNode('a');
  const other = await cluster.createNode('b');
  const runner = runJobs(cluster, other);
  const ref = await openSession(owner);
  const { subscriber } = await owner.follow(ref);
  for (let i = 0; i < 8; i++) {
    await pass(cluster, 8_000);
    for (const { router } of [owner, other])
      await cluster.log.beat({ ...router.node, state: 'up', address: '' }, 10_000);
  }
  await pass(cluster, 2_000);
  expect(subscriber.lines.slice(2)).toEqual(['3 bot Hello?']);
  expect(cluster.wire.sent).toContain('b>a chat.silent');
  expect([owner.hub.running, other.hub.running]).toEqual([1, 0]);
  await runner.close();
});

test('a session that nobody writes to is ended, one with messages later', async () => {
  const shortly = 40_000;
  const cluster = await createCluster({ idleEndMs: shortly });
  const node = await cluster.createNode('a');
  const runner = runJobs(cluster, node, shortly);
  const ref = await openSession(node);
  await pass(cluster, shortly - 5_000);
  await say(node, ref, 'my bill');
  await pass(cluster, shortly - 5_000);
  expect((await cluster.log.session(ref))?.state).toBe('open');
  await pass(cluster, 10_000);
  expect((await cluster.log.session(ref))?.state).toBe('ended');
  await runner.close();
});

test('a job that fails is tried again, and one of a runner that died goes to another', async () => {
  const cluster = await createCluster();
  const a = await cluster.createNode('a');
  const b = await cluster.createNode('b');
  const ref = await openSession(a);
  const { subscriber } = await a.follow(ref);
  const first = runJobs(cluster, b);
  b.faults.fail('heads', 'before');
  await pass(cluster, noInputMs + 2_000);
  expect(subscriber.lines).toHaveLength(2);
  expect(b.logger.lines.map(({ message }) => message)).toContain('a job failed, it is tried again');
  await pass(cluster, 11_000);
  await first.close();
  expect(subscriber.lines.at(-1)).toBe('3 bot Hello?');
});

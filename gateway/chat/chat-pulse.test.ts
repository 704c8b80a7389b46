import { expect, test } from 'vitest';

import { SeededRandom } from '../../config/random.js';
import { chatLimits } from '../../config/limits.js';
import { ChatPulse } from './chat-pulse.js';
import { createCluster, quiet } from './testing/kit.js';

const deadAfterMs = 8_000;

async function pulseFixture() {
  const cluster = await createCluster();
  const node = await cluster.createNode('a');
  let looks = 0;
  const pulse = new ChatPulse({
    log: node.faults.log,
    router: node.router,
    hub: {
      look: () => {
        looks++;
        return Promise.resolve();
      },
    },
    address: '127.0.0.1:8080',
    deadAfterMs,
    clock: cluster.clock,
    random: new SeededRandom(1),
    logger: node.logger,
  });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 250) {
      cluster.clock.advance(250);
      await quiet();
    }
  };
  const seen = () =>
    cluster.log.beat({ nodeId: 'watcher', incarnation: '1', state: 'up', address: '' }, 1_000);
  return { ...cluster, node, pulse, pass, looks: () => looks, seen };
}

test('a node beats while it runs, says that it drains, and is gone when it is closed', async () => {
  const { pass, pulse, seen } = await pulseFixture();
  await pulse.start();
  await pass(3 * deadAfterMs);
  expect((await seen()).map(({ nodeId, state }) => `${nodeId} ${state}`)).toContain('a up');
  await pulse.drain();
  expect((await seen()).map(({ nodeId, state }) => `${nodeId} ${state}`)).toContain('a draining');
  await pulse.close();
  expect((await seen()).map(({ nodeId }) => nodeId)).not.toContain('a');
});

test('beats that the log does not take are told by how long it has been silent', async () => {
  const { node, pass, pulse } = await pulseFixture();
  await pulse.start();
  node.faults.setAway(true);
  await pass(6_000);
  expect(pulse.silentMs).toBeGreaterThanOrEqual(6_000);
  node.faults.setAway(false);
  await pass(2_500);
  expect(pulse.silentMs).toBeLessThan(2_500);
  await pulse.close();
});

test('a first beat that the log does not take is an error', async () => {
  const { node, pulse } = await pulseFixture();
  node.faults.setAway(true);
  await expect(pulse.start()).rejects.toThrow('the store is away');
});

test('it looks now and then, often while the wire is cut, and at once when that is over', async () => {
  const { looks, node, pass, pulse, wire } = await pulseFixture();
  await pulse.start();
  await pass(10 * chatLimits.lookMs);
  expect(looks()).toBeGreaterThan(6);
  expect(looks()).toBeLessThan(14);
  const before = looks();
  wire.cut = true;
  await pass(chatLimits.lookMs * 1.5 + 10 * chatLimits.lookAloneMs);
  expect(looks() - before).toBeGreaterThan(7);
  const alone = looks();
  wire.cut = false;
  node.router.reconnected();
  await quiet();
  expect(looks()).toBe(alone + 1);
  await pulse.close();
});

test('nothing is left after close', async () => {
  const { clock, pulse } = await pulseFixture();
  const before = clock.pendingTimers;
  await pulse.start();
  await pulse.close();
  expect(clock.pendingTimers).toBe(before);
});

import { expect, test } from 'vitest';

import { createCluster, openSession, quiet, say } from './testing/kit.js';
import type { ServiceCaller } from '../services/service-caller.js';

const callingTree = `tree: calling
language: en-US
start: loop
fallback: bye
nodes:
  loop:
    say: Yes?
    listen:
      branches:
        - { id: order, examples: [my order], go: look }
        - { id: other, examples: [something else], go: loop }
      no_match: { prompts: [Pardon?], max: 1 }
  look:
    call: { http: orders, path: /orders/7, into: order, timeout: 9s, filler: One moment., on_error: bye }
    go: told
  told: { say: 'It is {order.state}.', go: loop }
  bye: { end: { say: Goodbye. } }
`;

test('a turn that waits shows typing, and its service gets the same key from the next owner', async () => {
  const keys: string[] = [];
  const answers: (() => void)[] = [];
  const services: ServiceCaller = {
    call: (spec, { scope }) => {
      keys.push(`${scope} ${spec.idempotencyKey}`);
      return new Promise((resolve) => answers.push(() => resolve({ ok: true, value: { state: 'late' } })));
    },
  };
  const cluster = await createCluster({ tree: callingTree, services });
  const a = await cluster.createNode('a');
  const b = await cluster.createNode('b');
  const ref = await openSession(a);
  const { subscriber } = await b.follow(ref);
  await say(a, ref, 'my order');
  cluster.clock.advance(400);
  await quiet();
  expect(subscriber.signals).toEqual([{ type: 'typing', author: 'bot', on: true }]);
  cluster.wire.kill('a');
  await say(b, ref, 'something else');
  for (const answer of answers) answer();
  await quiet();
  expect(subscriber.lines.slice(1)).toEqual([
    '2 user my order',
    '3 user something else',
    '4 bot It is late.',
    '5 bot Yes?',
    '6 bot Yes?',
  ]);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});

test('an input whose turn fails each time is passed over, and what comes after it is answered', async () => {
  let broken = true;
  const cluster = await createCluster();
  const node = await cluster.createNode('a');
  const ref = await openSession(node);
  const { subscriber } = await node.follow(ref);
  const commit = cluster.log.commit.bind(cluster.log);
  cluster.log.commit = (of, turn) =>
    broken && turn.messages.some(({ author }) => author === 'bot')
      ? Promise.reject(new RangeError('a message is too large'))
      : commit(of, turn);
  await say(node, ref, 'my bill');
  for (let i = 0; i < 6; i++) {
    cluster.clock.advance(8_000);
    await quiet();
  }
  expect(subscriber.lines.slice(2)).toEqual(['3 user my bill', '4 system (failed)']);
  broken = false;
  await say(node, ref, 'my bill');
  expect(subscriber.lines.slice(4)).toEqual(['5 user my bill', '6 bot Your number?']);
});

import { expect, test } from 'vitest';

import { SeededRandom } from '../../config/random.js';
import { LogError } from '../ports/session-log.js';
import { countingText, countingTree } from '../testing/counting-tree.js';
import { createCluster, openSession, quiet, type RecordingSubscriber, type TestNode } from './testing/kit.js';

const nodesAlive = 3;
const steps = 150;

test.each(Array.from({ length: 40 }, (_, index) => index + 1))(
  'whatever dies, every message is answered once and everybody sees the same (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const cluster = await createCluster({ tree: countingTree });
    const alive: TestNode[] = [];
    let born = 0;
    const start = async (): Promise<void> => void alive.push(await cluster.createNode(`n${++born}`));
    for (let i = 0; i < nodesAlive; i++) await start();
    const any = (): TestNode => {
      const node = alive[random.integer(alive.length)];
      if (!node) throw new Error('no node is alive');
      return node;
    };
    const ref = await openSession(any());
    const followers: { readonly node: TestNode; readonly subscriber: RecordingSubscriber }[] = [];
    let sent = 0;
    const submit = async (node: TestNode): Promise<void> => {
      const request = {
        author: 'user',
        senderId: 'alice',
        clientId: `m${sent}`,
        body: { type: 'text', text: countingText },
      } as const;
      const { outcome } = await node.hub.submit(ref, request);
      // A client sends again what was not acknowledged.
      if (outcome === 'appended' || outcome === 'duplicate') sent++;
    };

    for (let step = 0; step < steps; step++) {
      switch (random.integer(9)) {
        case 0:
        case 1:
        case 2:
          void submit(any()).catch(() => undefined);
          await quiet();
          break;
        case 3:
          any().faults.fail(
            random.integer(2) === 0 ? 'commit' : 'append',
            random.integer(2) === 0 ? 'before' : 'after',
          );
          break;
        case 4:
          any().faults.fail(random.integer(2) === 0 ? 'acquire' : 'read', 'before');
          break;
        case 5: {
          const [dead] = alive.splice(random.integer(alive.length), 1);
          if (dead) cluster.wire.kill(dead.router.node.nodeId);
          dead?.faults.setAway(true);
          await start();
          break;
        }
        case 6:
          cluster.wire.cut = !cluster.wire.cut;
          break;
        case 7:
          await follow(any());
          break;
        default:
          await look(alive);
          await beat(alive);
          cluster.clock.advance(random.integer(4_000));
          await quiet();
      }
    }

    cluster.wire.cut = false;
    for (let round = 0; round < 12; round++) {
      await beat(alive);
      cluster.clock.advance(9_000);
      await quiet();
      await look(alive);
      await quiet();
    }
    const log = await cluster.log.read(ref, 0, 500);
    expect(log.length).toBeGreaterThan(30);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    const answers = log
      .filter(({ author }) => author === 'bot')
      .map(({ body }) => body.type === 'text' && body.text);
    const asked = log.filter(({ author }) => author === 'user');
    expect(answers).toEqual(asked.map((_, index) => `answer ${index + 1}`));
    expect(new Set(asked.map(({ clientId }) => clientId)).size).toBe(asked.length);
    for (const { node, subscriber } of followers) {
      const { messages } = subscriber;
      const from = (messages[0]?.seq ?? log.length + 1) - 1;
      // Those of a node that died saw a part, without a gap; the others all of it.
      const upTo = alive.includes(node) ? log.length : from + messages.length;
      expect(messages).toEqual(log.slice(from, upTo));
    }

    async function follow(node: TestNode): Promise<void> {
      await node.follow(ref, random.integer(6)).then(
        ({ subscriber }) => followers.push({ node, subscriber }),
        // The log of that node is away: whoever wants in is told so and tries again.
        (err: unknown) => expect(err).toBeInstanceOf(LogError),
      );
    }
    async function beat(nodes: readonly TestNode[]): Promise<void> {
      for (const { router } of nodes)
        await cluster.log.beat({ ...router.node, state: 'up', address: '' }, 10_000);
    }
    async function look(nodes: readonly TestNode[]): Promise<void> {
      for (const { hub } of nodes) await hub.look().catch(() => undefined);
    }
  },
);

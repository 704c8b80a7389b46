import { describe, expect, test } from 'vitest';

import type { EventJobs, EventSession } from './chat-events.js';
import { alice, createCluster, openSession, quiet, RecordingSubscriber, say, tenant } from './testing/kit.js';

const greeting = ['1 bot Welcome.', '2 bot Bill or fault?'];

describe('one node', () => {
  test('greets, answers what is said in order, and ends', async () => {
    const cluster = await createCluster();
    const node = await cluster.createNode('a');
    const ref = await openSession(node);
    const { subscriber } = await node.follow(ref);
    expect(subscriber.lines).toEqual(greeting);
    expect(await say(node, ref, 'my bill')).toMatchObject({ outcome: 'appended', seq: 3 });
    await say(node, ref, 'one two three four');
    expect(subscriber.lines.slice(2)).toEqual([
      '3 user my bill',
      '4 bot Your number?',
      '5 user one two three four',
      '6 bot Goodbye.',
      '7 system (ended)',
    ]);
    expect(subscriber.signals).toContainEqual({ type: 'state', ended: true, toType: 'bot' });
    expect(await say(node, ref, 'hello?')).toEqual({ outcome: 'ended' });
    expect([node.hub.running, node.leases()]).toEqual([0, 0]);
  });

  test('the same id is kept once, and other words under it are refused', async () => {
    const cluster = await createCluster();
    const node = await cluster.createNode('a');
    const ref = await openSession(node);
    const { subscriber } = await node.follow(ref);
    const first = await say(node, ref, 'my bill', 'once');
    const again = await say(node, ref, 'my bill', 'once');
    expect([first, again]).toMatchObject([
      { outcome: 'appended', seq: 3 },
      { outcome: 'duplicate', seq: 3 },
    ]);
    expect(await say(node, ref, 'a fault', 'once')).toEqual({ outcome: 'conflict' });
    expect(subscriber.lines.filter((line) => line.includes('user'))).toEqual(['3 user my bill']);
  });

  test('a burst is answered one by one, in the order of the log', async () => {
    const cluster = await createCluster();
    const node = await cluster.createNode('a');
    const ref = await openSession(node);
    const { subscriber } = await node.follow(ref);
    await Promise.all(['an agent please', 'my bill', '1234'].map((text) => say(node, ref, text)));
    await quiet();
    expect(subscriber.messages.map(({ seq }) => seq)).toEqual(
      subscriber.messages.map((_, index) => index + 1),
    );
    const said = subscriber.lines.map((line) => line.replace(/^\d+ /, ''));
    expect(said.slice(5)).toEqual([
      'bot One moment.',
      'system (handover-failed)',
      'bot Bill or fault?',
      'bot Your number?',
      'bot Goodbye.',
      'system (ended)',
    ]);
  });

  test('whoever comes later gets what came since, and nothing twice', async () => {
    const cluster = await createCluster();
    const node = await cluster.createNode('a');
    const ref = await openSession(node);
    await say(node, ref, 'my bill');
    const late = await node.follow(ref, 2);
    expect(late.subscriber.lines).toEqual(['3 user my bill', '4 bot Your number?']);
    expect(late.attachment.since).toBe(2);
    const fromTheFuture = await node.follow(ref, 99);
    expect(fromTheFuture.attachment.since).toBe(0);
    expect(fromTheFuture.subscriber.messages).toHaveLength(4);
    late.attachment.detach();
    fromTheFuture.attachment.detach();
    expect(node.hub.following).toBe(0);
  });

  test('a follower that takes nothing more goes on where it stopped', async () => {
    const cluster = await createCluster();
    const node = await cluster.createNode('a');
    const ref = await openSession(node);
    const { attachment, subscriber } = await node.follow(ref);
    subscriber.takes = false;
    await say(node, ref, 'my bill');
    expect(subscriber.messages).toHaveLength(2);
    subscriber.takes = true;
    attachment.resume();
    await quiet();
    expect(subscriber.lines.slice(2)).toEqual(['3 user my bill', '4 bot Your number?']);
  });

  test('nobody attaches to a session that is not there', async () => {
    const cluster = await createCluster();
    const node = await cluster.createNode('a');
    expect(await node.hub.attach({ tenant, sessionId: 'none' }, 0, new RecordingSubscriber())).toBeNull();
    expect(node.hub.following).toBe(0);
  });

  test('what is written while somebody is being let in reaches them', async () => {
    const cluster = await createCluster();
    const node = await cluster.createNode('a');
    const ref = await openSession(node);
    const open = node.faults.hold('session');
    const subscriber = new RecordingSubscriber();
    const attaching = node.hub.attach(ref, 0, subscriber);
    await say(node, ref, 'my bill');
    open();
    await attaching;
    await quiet();
    expect(subscriber.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });
});

describe('the log away', () => {
  test('a message is refused as unavailable and can be sent again', async () => {
    const cluster = await createCluster();
    const node = await cluster.createNode('a');
    const ref = await openSession(node);
    const { subscriber } = await node.follow(ref);
    node.faults.fail('append', 'after');
    expect(await say(node, ref, 'my bill', 'm')).toEqual({ outcome: 'unavailable' });
    expect(await say(node, ref, 'my bill', 'm')).toMatchObject({ outcome: 'duplicate', seq: 3 });
    await node.hub.look();
    await quiet();
    expect(subscriber.lines.slice(2)).toEqual(['3 user my bill', '4 bot Your number?']);
  });

  test.each(['before', 'after'] as const)(
    'a turn whose commit breaks %s it was kept is answered once',
    async (fault) => {
      const cluster = await createCluster();
      const node = await cluster.createNode('a');
      const ref = await openSession(node);
      const { subscriber } = await node.follow(ref);
      node.faults.fail('commit', fault);
      await say(node, ref, 'my bill');
      cluster.clock.advance(500);
      await quiet();
      await node.hub.look();
      await quiet();
      expect(subscriber.lines.slice(2)).toEqual(['3 user my bill', '4 bot Your number?']);
      expect(node.leases()).toBe(1);
    },
  );

  test('a follower reads again for a while and is then told', async () => {
    const cluster = await createCluster();
    const node = await cluster.createNode('a');
    const ref = await openSession(node);
    const { attachment, subscriber } = await node.follow(ref, 2);
    for (let i = 0; i < 80; i++) await say(node, ref, `words ${i}`);
    subscriber.takes = false;
    for (let i = 0; i < 80; i++) await say(node, ref, `more ${i}`);
    node.faults.setAway(true);
    subscriber.takes = true;
    attachment.resume();
    for (let i = 0; i < 8; i++) {
      await quiet();
      cluster.clock.advance(8_000);
    }
    await quiet();
    expect(subscriber.failures).toHaveLength(1);
  });
});

describe('two nodes', () => {
  test('a message taken by one is answered by the owner and seen on both', async () => {
    const cluster = await createCluster();
    const a = await cluster.createNode('a');
    const b = await cluster.createNode('b');
    const ref = await openSession(a);
    const onA = await a.follow(ref);
    const onB = await b.follow(ref);
    await say(b, ref, 'my bill');
    await say(a, ref, '1234');
    const all = [
      ...greeting,
      '3 user my bill',
      '4 bot Your number?',
      '5 user 1234',
      '6 bot Goodbye.',
      '7 system (ended)',
    ];
    expect(onA.subscriber.lines).toEqual(all);
    expect(onB.subscriber.lines).toEqual(all);
    expect([a.hub.running, b.hub.running]).toEqual([0, 0]);
  });

  test('other nodes are told of each message, and not of a turn that says nothing', async () => {
    const tree = `tree: silent
language: en-US
start: loop
fallback: bye
nodes:
  loop:
    listen:
      branches:
        - { id: note, examples: [note it], go: loop }
      no_match: { prompts: [Pardon?], max: 1 }
  bye: { end: { say: Goodbye. } }
`;
    const cluster = await createCluster({ tree });
    const a = await cluster.createNode('a');
    const b = await cluster.createNode('b');
    const ref = await openSession(a);
    await a.follow(ref);
    const { subscriber } = await b.follow(ref);
    await say(a, ref, 'note it');
    await quiet();
    expect(subscriber.lines).toEqual(['1 user note it']);
    expect(cluster.wire.sent).toEqual(['a>b chat.news']);
  });

  test('an owner that died is replaced when a message comes, without waiting for its lease', async () => {
    const cluster = await createCluster();
    const a = await cluster.createNode('a');
    const b = await cluster.createNode('b');
    const ref = await openSession(a);
    const { subscriber } = await b.follow(ref);
    cluster.wire.kill('a');
    await say(b, ref, 'my bill');
    expect(subscriber.lines.slice(2)).toEqual(['3 user my bill', '4 bot Your number?']);
  });

  test('what the replaced owner computes late is dropped whole', async () => {
    const cluster = await createCluster();
    const a = await cluster.createNode('a');
    const b = await cluster.createNode('b');
    const ref = await openSession(a);
    const { subscriber } = await b.follow(ref);
    const letGo = a.faults.hold('commit');
    await say(a, ref, 'my bill');
    cluster.wire.kill('a');
    await say(b, ref, '1234');
    expect(subscriber.lines.slice(2)).toEqual([
      '3 user my bill',
      '4 user 1234',
      '5 bot Your number?',
      '6 bot Goodbye.',
      '7 system (ended)',
    ]);
    letGo();
    await quiet();
    expect((await cluster.log.read(ref, 0, 100)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(a.leases()).toBe(0);
  });

  test('while the wire is cut, both find in the log what they were not told', async () => {
    const cluster = await createCluster();
    const a = await cluster.createNode('a');
    const b = await cluster.createNode('b');
    const ref = await openSession(a);
    const { subscriber } = await b.follow(ref);
    cluster.wire.cut = true;
    await say(b, ref, 'my bill');
    expect(subscriber.lines.slice(2)).toEqual(['3 user my bill']);
    await a.hub.look();
    await quiet();
    await b.hub.look();
    await quiet();
    expect(subscriber.lines.slice(2)).toEqual(['3 user my bill', '4 bot Your number?']);
  });

  test('input of an owner that died before it answered is answered by whoever looks', async () => {
    const cluster = await createCluster();
    const a = await cluster.createNode('a');
    const b = await cluster.createNode('b');
    const ref = await openSession(a);
    a.faults.setAway(true);
    await cluster.log.append(ref, {
      author: 'user',
      senderId: 'alice',
      clientId: 'x',
      body: { type: 'text', text: 'my bill' },
    });
    cluster.clock.advance(11_000);
    await b.hub.look();
    await quiet();
    const { subscriber } = await b.follow(ref);
    expect(subscriber.lines.at(-1)).toBe('4 bot Your number?');
  });

  test('a node that stops gives its sessions back, and another goes on', async () => {
    const cluster = await createCluster();
    const a = await cluster.createNode('a');
    const b = await cluster.createNode('b');
    const ref = await openSession(a);
    await a.hub.close();
    expect(a.leases()).toBe(0);
    const { subscriber } = await b.follow(ref);
    await say(b, ref, 'my bill');
    expect(subscriber.lines.at(-1)).toBe('4 bot Your number?');
  });

  test('two nodes that open at once give one session and one greeting', async () => {
    const cluster = await createCluster();
    const a = await cluster.createNode('a');
    const b = await cluster.createNode('b');
    const [one, two] = await Promise.all(
      [a, b].map(({ hub }) => hub.open({ user: alice, ingress: 'chat', tree: null })),
    );
    await quiet();
    expect(one?.record.ref).toEqual(two?.record.ref);
    const { subscriber } = await a.follow(one?.record.ref ?? { tenant, sessionId: '' });
    expect(subscriber.lines).toEqual(greeting);
  });
});

describe('jobs for who wants to be told', () => {
  const job = (kind: string, { ref }: EventSession) => ({
    kind,
    key: `${kind} ${++made}`,
    delayMs: 0,
    ref,
    payload: null,
  });
  let made = 0;

  test('are made with the opening, every message and the end, and with no message that was there before', async () => {
    let told = 0;
    const eventJobs: EventJobs = {
      opened: (session) => [job('opened', session)],
      message: (session) => [job('message', session)],
      ended: (session) => [job('ended', session)],
      made: () => void told++,
    };
    const cluster = await createCluster({ eventJobs });
    const node = await cluster.createNode('a');
    const ref = await openSession(node);
    await say(node, ref, 'my bill', 'once');
    await say(node, ref, 'my bill', 'once');
    expect(await node.hub.end(ref, 'user', 'Bye.')).toBe(true);
    const jobs = await cluster.log.claimJobs(['opened', 'message', 'ended'], { limit: 50, leaseMs: 1_000 });
    expect(jobs.map(({ kind, seq }) => `${kind} ${seq}`).sort()).toEqual([
      'ended 5',
      'message 1',
      'message 2',
      'message 3',
      'message 4',
      'message 5',
      'opened null',
    ]);
    expect(told).toBeGreaterThan(3);
  });
});

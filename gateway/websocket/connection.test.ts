import { describe, expect, test } from 'vitest';

import { chatLimits, chatSocketLimits } from '../../config/limits.js';
import { messageFrame } from './frame-texts.js';
import { closeCodes } from './protocol.js';
import { ConnectionKit, hello, leave, nothingHeld, settle } from './testing/connection-kit.js';

const ref = { tenant: 'default', sessionId: 's1' };

describe('hello', () => {
  test('is answered by ready, then messages follow', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    expect(client.connection.state).toBe('open');
    expect(client.received()).toEqual([
      {
        type: 'ready',
        version: 1,
        session: 's1',
        user: 'anna',
        connection: client.connection.id,
        seq: 0,
        since: 0,
        ended: false,
        toType: 'bot',
        limits: { frameBytes: 65_536, textCharacters: 4_000, messagesPer10s: 20, unacknowledged: 32 },
        tokenExpires: kit.tokens.expiresMs,
      },
    ]);
    kit.sessions.say(ref, 'Hello!');
    expect(client.received()).toMatchObject([
      { type: 'message', seq: 1, author: 'bot', body: { text: 'Hello!' } },
    ]);
    expect(kit.held()).toMatchObject({ connections: 1, followers: 1, routes: 1, users: 1 });
    leave(kit, client);
  });

  test('with since goes on where the client stopped', async () => {
    const kit = new ConnectionKit();
    leave(kit, await kit.open());
    for (const text of ['one', 'two', 'three']) kit.sessions.say(ref, text);
    const client = await kit.open({ session: 's1', since: 1 });
    expect(client.received()).toMatchObject([{ seq: 3, since: 1 }, { seq: 2 }, { seq: 3 }]);
    leave(kit, client);
  });

  test.each([
    ['from the future', { session: 's1', since: 9 }],
    ['without its session', { since: 2 }],
  ])('with since %s starts from the beginning', async (_, more) => {
    const kit = new ConnectionKit();
    leave(kit, await kit.open());
    kit.sessions.say(ref, 'one');
    kit.sessions.say(ref, 'two');
    const client = await kit.open(more);
    expect(client.received()).toMatchObject([{ since: 0 }, { seq: 1 }, { seq: 2 }]);
    leave(kit, client);
  });

  test('to an ended session says so; messages are refused there', async () => {
    const kit = new ConnectionKit();
    leave(kit, await kit.open());
    await kit.sessions.end(ref, 'user', 'bye');
    const client = await kit.open({ session: 's1', since: 1 });
    client.send({ type: 'message', id: 'm', text: 'still there?' });
    await settle();
    expect(client.received()).toMatchObject([
      { type: 'ready', ended: true },
      { code: 'ended', id: 'm' },
    ]);
    leave(kit, client);
  });

  test.each([
    ['of no version of ours', { versions: [2, 3] }, 'unsupportedVersion'],
    ['with a tree that is not for chats', { tree: 'secret' }, 'forbidden'],
    ['with a bad token', { token: 'unauthorized' }, 'unauthorized'],
    ['with an old token', { token: 'expired' }, 'tokenExpired'],
    ['with a token whose keys are away', { token: 'unavailable' }, 'internal'],
    ['to a session that is not there', { session: 's99' }, 'unknownSession'],
    ['with a field that is wrong', { device: '?' }, 'badFrame'],
  ] as const)('%s is closed', async (_, more, code) => {
    const kit = new ConnectionKit();
    const client = await kit.open(more);
    expect(client.socket.closedWith?.code).toBe(closeCodes[code]);
    expect(kit.counters.closes.get(String(closeCodes[code]))).toBe(1);
    leave(kit, client);
  });

  test.each([
    ['another user', 'default/ben'],
    ['another tenant', 'other/anna'],
  ])('to a session of %s is closed as if there was none', async (_, token) => {
    const kit = new ConnectionKit();
    leave(kit, await kit.open());
    const client = await kit.open({ token, session: 's1' });
    expect(client.socket.closedWith?.code).toBe(closeCodes.unknownSession);
    leave(kit, client);
  });

  test.each(['open', 'attach'] as const)(
    'while the log is away (%s) is closed to come again',
    async (call) => {
      const kit = new ConnectionKit();
      kit.sessions.fail(call);
      const client = await kit.open();
      expect(client.socket.closedWith?.code).toBe(closeCodes.internal);
      leave(kit, client);
    },
  );

  test('while the router is closed is sent elsewhere', async () => {
    const kit = new ConnectionKit();
    kit.router.closed = true;
    const client = await kit.open();
    expect(client.socket.closedWith?.code).toBe(closeCodes.routeLost);
    leave(kit, client);
  });

  test('has to come in time', () => {
    const kit = new ConnectionKit();
    const client = kit.connect();
    kit.clock.advance(chatLimits.helloMs - 1);
    expect(client.socket.closedWith).toBeNull();
    kit.clock.advance(2_000);
    expect(client.socket.closedWith?.code).toBe(closeCodes.helloTimeout);
    leave(kit, client);
  });

  test('of more connections than a user may have is refused until one goes', async () => {
    const kit = new ConnectionKit();
    const open = [
      await kit.open({ device: 'a' }),
      await kit.open({ device: 'b' }),
      await kit.open({ device: 'c' }),
    ];
    const fourth = await kit.open({ device: 'd' });
    expect(fourth.socket.closedWith?.code).toBe(closeCodes.overloaded);
    for (const client of open) client.connection.socketClosed(1_000);
    leave(kit, fourth);
  });
});

describe('between hello and ready', () => {
  test('frames wait, and what is said meanwhile follows ready', async () => {
    const kit = new ConnectionKit();
    const letClaim = kit.router.hold();
    const client = await kit.open();
    client.send({ type: 'ping', id: 1 }, { type: 'message', id: 'm1', text: 'hi' });
    kit.sessions.say(ref, 'Welcome');
    await settle();
    expect(client.received()).toEqual([]);
    letClaim();
    await settle();
    expect(client.received().map(({ type }) => type)).toEqual(['ready', 'message', 'pong', 'message', 'ack']);
    leave(kit, client);
  });

  test('only so many frames wait', async () => {
    const kit = new ConnectionKit();
    kit.router.hold();
    const client = await kit.open();
    for (let i = 0; i <= chatSocketLimits.openingFrames; i++) client.send({ type: 'ping', id: i });
    expect(client.socket.closedWith?.code).toBe(closeCodes.flood);
    client.connection.socketClosed(1_006);
  });

  test('a client that goes leaves nothing behind, wherever the opening stands', async () => {
    for (let steps = 0; steps < 12; steps++) {
      const kit = new ConnectionKit();
      const client = kit.connect();
      client.send(hello);
      for (let i = 0; i < steps; i++) await Promise.resolve();
      client.connection.socketClosed(1_006);
      await settle();
      expect(kit.held(), `after ${steps} steps`).toEqual(nothingHeld);
    }
  });

  test('a claim that never comes is given up', async () => {
    const kit = new ConnectionKit();
    const letClaim = kit.router.hold();
    const client = await kit.open();
    kit.clock.advance(chatSocketLimits.openMs + 2_000);
    expect(client.socket.closedWith?.code).toBe(closeCodes.internal);
    letClaim();
    await settle();
    leave(kit, client);
  });
});

describe('messages', () => {
  test('are acknowledged with their number, and again when they come again', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.received();
    client.send({ type: 'message', id: 'm1', text: 'Hello', value: 'greet' });
    await settle();
    client.send({ type: 'message', id: 'm1', text: 'Hello', value: 'greet' });
    await settle();
    const at = kit.sessions.nowMs();
    expect(client.received()).toEqual([
      {
        type: 'message',
        seq: 1,
        author: 'user',
        id: 'm1',
        at,
        body: { type: 'text', text: 'Hello', value: 'greet' },
      },
      { type: 'ack', id: 'm1', seq: 1, at },
      { type: 'ack', id: 'm1', seq: 1, at, duplicate: true },
    ]);
    leave(kit, client);
  });

  test('are kept one after another and acknowledged in their order', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    kit.sessions.hold();
    for (const id of ['a', 'b', 'c']) client.send({ type: 'message', id, text: id });
    await settle();
    expect(kit.sessions.waiting).toBe(1);
    kit.sessions.letGo();
    await settle();
    const acks = client.received().filter(({ type }) => type === 'ack');
    expect(acks).toMatchObject([
      { id: 'a', seq: 1 },
      { id: 'b', seq: 2 },
      { id: 'c', seq: 3 },
    ]);
    leave(kit, client);
  });

  test('behind one that could not be kept are not kept, and the client comes again with all of them', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.received();
    kit.sessions.fail('submit');
    for (const id of ['a', 'b', 'c']) client.send({ type: 'message', id, text: id });
    await settle();
    expect(client.received()).toMatchObject([{ code: 'unavailable', id: 'a' }]);
    expect(client.socket.closedWith?.code).toBe(closeCodes.internal);
    expect(await kit.sessions.read(ref, 0, 10)).toEqual([]);
    leave(kit, client);
  });

  test('more than may wait for their ack are refused', async () => {
    const kit = new ConnectionKit({ messagesPer10s: 100 });
    const client = await kit.open();
    client.received();
    kit.sessions.hold();
    for (let i = 0; i <= chatLimits.unacknowledged; i++)
      client.send({ type: 'message', id: `m${i}`, text: 'x' });
    expect(client.received()).toMatchObject([{ code: 'rate', id: `m${chatLimits.unacknowledged}` }]);
    kit.sessions.letGo();
    await settle();
    expect(client.received().filter(({ type }) => type === 'ack')).toHaveLength(chatLimits.unacknowledged);
    leave(kit, client);
  });

  test('more than the rate of the user, over all connections, are refused with when to come again', async () => {
    const kit = new ConnectionKit();
    const [one, two] = [await kit.open({ device: 'a' }), await kit.open({ device: 'b' })];
    for (let i = 0; i < chatLimits.messagesPer10s; i++)
      (i % 2 ? one : two).send({ type: 'message', id: `m${i}`, text: 'x' });
    await settle();
    two.received();
    two.send({ type: 'message', id: 'late', text: 'x' });
    expect(two.received()).toMatchObject([{ code: 'rate', id: 'late', retryAfterMs: 10_000 }]);
    kit.clock.advance(10_000);
    two.send({ type: 'message', id: 'late', text: 'x' });
    await settle();
    expect(two.received()).toMatchObject([{ type: 'message' }, { type: 'ack', id: 'late' }]);
    one.connection.socketClosed(1_000);
    leave(kit, two);
  });

  test.each([
    ['conflict', { code: 'bad-frame', field: 'id', id: 'm' }],
    ['ended', { code: 'ended', id: 'm' }],
    ['full', { code: 'full', id: 'm' }],
    ['unavailable', { code: 'unavailable', id: 'm', retryAfterMs: 2_000 }],
  ] as const)('that the log answers with %s are refused by id', async (outcome, error) => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.received();
    kit.sessions.results.push(outcome);
    client.send({ type: 'message', id: 'm', text: 'x' });
    await settle();
    expect(client.received()).toMatchObject([{ type: 'error', ...error }]);
    expect(kit.counters.refused.get(error.code)).toBe(1);
    leave(kit, client);
  });

  test('in a session that is gone close the connection', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.received();
    kit.sessions.results.push('unknown-session');
    client.send({ type: 'message', id: 'b', text: 'x' });
    await settle();
    expect(client.socket.closedWith?.code).toBe(closeCodes.unknownSession);
    leave(kit, client);
  });

  test('are serialised once for all connections of a session', async () => {
    const kit = new ConnectionKit();
    const [one, two] = [await kit.open({ device: 'a' }), await kit.open({ device: 'b' })];
    const message = kit.sessions.say(ref, 'for both');
    expect(one.socket.sent.at(-1)).toBe(two.socket.sent.at(-1));
    expect(one.socket.sent.at(-1)).toBe(messageFrame(message));
    one.connection.socketClosed(1_000);
    leave(kit, two);
  });
});

describe('other frames', () => {
  test('typing goes to the others, not back, and ends with the connection', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.received();
    client.send({ type: 'typing', on: true }, { type: 'typing', on: true });
    kit.sessions.signal(ref, { type: 'typing', author: 'agent', name: 'Kim', on: true });
    expect(client.received()).toEqual([{ type: 'typing', author: 'agent', name: 'Kim', on: true }]);
    leave(kit, client);
    expect(kit.sessions.typed).toEqual([
      { author: 'user', on: true },
      { author: 'user', on: false },
    ]);
  });

  test('history gives the newest of what was before, within its bytes', async () => {
    const kit = new ConnectionKit();
    leave(kit, await kit.open());
    for (let i = 1; i <= 10; i++) kit.sessions.say(ref, i === 7 ? 'x'.repeat(140_000) : `message ${i}`);
    const client = await kit.open({ session: 's1', since: 10 });
    client.received();
    const ask = async (before: number, limit: number) => {
      client.send({ type: 'history', before, limit });
      await settle();
      return client.received();
    };
    const seqs = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => ({ seq: from + i }));
    expect(await ask(6, 3)).toMatchObject([{ type: 'history', before: 6, messages: seqs(3, 5) }]);
    expect(await ask(3, 100)).toMatchObject([{ messages: seqs(1, 2) }]);
    expect(await ask(1, 100)).toMatchObject([{ before: 1, messages: [] }]);
    expect(await ask(5_000, 2)).toMatchObject([{ before: 5_000, messages: seqs(9, 10) }]);
    expect(await ask(11, 10)).toMatchObject([{ messages: seqs(8, 10) }]);
    expect(await ask(8, 10)).toMatchObject([{ messages: seqs(7, 7) }]);
    kit.sessions.fail('read');
    expect(await ask(8, 10)).toMatchObject([{ type: 'error', code: 'unavailable' }]);
    client.send({ type: 'history', before: 5, limit: 1 }, { type: 'history', before: 5, limit: 1 });
    await settle();
    expect(client.received()).toMatchObject([{ type: 'error', code: 'rate' }, { type: 'history' }]);
    leave(kit, client);
  });

  test('end ends the session for everybody, once', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.received();
    client.send({ type: 'end' });
    await settle();
    client.send({ type: 'end' });
    await settle();
    expect(client.received()).toMatchObject([
      { type: 'message', body: { type: 'event', event: 'ended' } },
      { type: 'state', ended: true },
      { type: 'error', code: 'ended' },
    ]);
    leave(kit, client);
  });

  test('refresh takes a token of the same user only, and the connection lives as long as the new one', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.received();
    kit.tokens.expiresMs += 3_600_000;
    for (const token of ['default/ben', 'other/anna', 'unauthorized', 'unavailable', 'default/anna']) {
      client.send({ type: 'refresh', token });
      await settle();
    }
    expect(client.received()).toMatchObject([
      { code: 'unauthorized', field: 'token' },
      { code: 'unauthorized', field: 'token' },
      { code: 'unauthorized', field: 'token' },
      { code: 'unavailable' },
      { type: 'refreshed', tokenExpires: kit.tokens.expiresMs },
    ]);
    const pong = () => client.connection.receiveControl(true);
    for (let second = 0; second < 7_220; second++) {
      kit.clock.advance(1_000);
      pong();
    }
    expect(client.connection.state).toBe('open');
    for (let second = 0; second < 20; second++) {
      kit.clock.advance(1_000);
      pong();
    }
    expect(client.socket.closedWith?.code).toBe(closeCodes.tokenExpired);
    leave(kit, client);
  });

  test.each([
    ['hello again', JSON.stringify(hello)],
    ['what is not JSON', 'hi'],
  ])('%s ends the connection', async (_, frame) => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.send(frame);
    expect(client.socket.closedWith?.code).toBe(closeCodes.badFrame);
    client.send({ type: 'message', id: 'm', text: 'too late' });
    await settle();
    expect(kit.sessions.followers).toBe(0);
    leave(kit, client);
  });

  test('a frame before hello, and a binary one, end the connection', () => {
    const kit = new ConnectionKit();
    const [early, binary] = [kit.connect(), kit.connect()];
    early.send({ type: 'ping', id: 1 });
    binary.connection.receive(Buffer.from(JSON.stringify(hello)), true);
    for (const client of [early, binary]) expect(client.socket.closedWith?.code).toBe(closeCodes.badFrame);
    early.connection.socketClosed(1_005);
    leave(kit, binary);
  });
});

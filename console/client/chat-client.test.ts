import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { closeCodes } from '../../gateway/websocket/protocol.js';
import type { ChatMessage } from '../../gateway/websocket/protocol.js';
import { ClientBench } from '../testing/client-bench.js';
import { clientLimits } from './limits.js';
import { TokenRefusedError } from './ports.js';

let bench: ClientBench;
beforeEach(() => {
  bench = new ClientBench({ greeting: [{ type: 'text', text: 'Hello' }] });
});
afterEach(() => {
  expect(bench.chat.violations).toEqual([]);
});

function texts(messages: readonly ChatMessage[]): readonly string[] {
  return messages.map(({ body }) => body.text);
}

describe('a conversation', () => {
  test('starts with hello and shows what the session holds', async () => {
    const { client, shown } = await bench.opened();
    expect(bench.chat.frames[0]).toEqual({
      type: 'hello',
      versions: [1],
      token: 'token-1',
      device: 'tab-1',
    });
    expect(texts(shown.messages)).toEqual(['Hello']);
    expect([client.user, client.ended, client.toType]).toEqual(['ann', false, 'bot']);
  });

  test('an own message is shown as waiting, then with its number', async () => {
    const { client, shown } = await bench.opened();
    expect(client.send('Hi')).toBe('queued');
    expect(client.outbox.map(({ text, state }) => [text, state])).toEqual([['Hi', 'sending']]);
    await bench.run(100);
    expect(client.outbox).toEqual([]);
    expect(texts(shown.messages)).toEqual(['Hello', 'Hi', 'You said Hi']);
    expect(client.othersMarks).toEqual({ delivered: 2, read: 2 });
  });

  test('a pressed button sends its title and its value', async () => {
    const { client } = await bench.opened();
    client.send('Yes', 'confirm');
    await bench.run(100);
    expect(bench.chat.messages('ann')[1]?.body).toEqual({ type: 'text', text: 'Yes', value: 'confirm' });
  });

  test('the tree of the options is asked for', async () => {
    const { client } = bench.client('tab-1', 'billing');
    client.start();
    await bench.run(100);
    expect(bench.chat.frames[0]).toMatchObject({ tree: 'billing' });
  });

  test('two tabs of one person show the same', async () => {
    const one = await bench.opened('tab-1');
    const two = await bench.opened('tab-2');
    one.client.send('from one');
    two.client.send('from two');
    await bench.run(200);
    expect(texts(one.shown.messages)).toEqual(texts(two.shown.messages));
    expect(one.shown.messages).toHaveLength(5);
  });

  test('typing and states of others are told', async () => {
    const { client } = await bench.opened();
    bench.chat.signal('ann', { type: 'typing', author: 'agent', name: 'Eve', on: true });
    bench.chat.setState('ann', 'human');
    await bench.run(50);
    expect([client.typists.map(({ name }) => name), client.toType]).toEqual([['Eve'], 'human']);
    bench.chat.say('ann', 'agent', { type: 'text', text: 'Here I am' }, 'Eve');
    await bench.run(50);
    expect(client.typists).toEqual([]);
  });

  test('ended: nothing more is taken, and a new conversation begins at 1', async () => {
    const { client, shown } = await bench.opened();
    client.send('Hi');
    await bench.run(100);
    expect(client.end()).toBe(true);
    await bench.run(100);
    expect([client.ended, client.send('more')]).toEqual([true, 'ended']);
    client.startNew();
    await bench.run(200);
    expect([client.state, client.ended, texts(shown.messages)]).toEqual(['open', false, ['Hello']]);
    client.send('Again');
    await bench.run(100);
    expect(texts(shown.messages)).toEqual(['Hello', 'Again', 'You said Again']);
  });

  test.each([
    ['', 'empty'],
    [' \n', 'empty'],
    ['x'.repeat(clientLimits.textCharacters + 1), 'too-long'],
  ])('%# is not taken', async (text, outcome) => {
    const { client } = await bench.opened();
    expect(client.send(text)).toBe(outcome);
    expect(client.outbox).toEqual([]);
  });
});

describe('messages are neither lost nor doubled', () => {
  test.each([
    ['the connection drops before the append', 'drop-before-append'],
    ['the connection drops after the append, before the ack', 'drop-after-append'],
    ['the message is swallowed', 'swallow'],
    ['messages are pushed again', 'duplicate'],
    ['a message is missing from the pushes', 'gap'],
  ] as const)('when %s', async (_, fault) => {
    const { client, shown } = await bench.opened();
    bench.chat.faults.push(fault);
    for (const text of ['one', 'two', 'three']) client.send(text);
    await bench.run(60_000);
    expect(bench.chat.textsOf('ann')).toEqual(['one', 'two', 'three']);
    expect(shown.messages).toEqual(bench.chat.messages('ann'));
    expect(client.outbox).toEqual([]);
  });

  test('when the connection drops again and again', async () => {
    const { client, shown } = await bench.opened();
    const wanted = Array.from({ length: 12 }, (_, at) => `message ${at}`);
    for (let at = 0; at < 6; at++) bench.chat.faults.push('drop-before-append', 'drop-after-append');
    for (const text of wanted) client.send(text);
    await bench.run(400_000);
    expect(bench.chat.textsOf('ann')).toEqual(wanted);
    expect(shown.messages).toEqual(bench.chat.messages('ann'));
  });

  test('a server that lost its newest messages: what is past its end is dropped', async () => {
    const { client, shown } = await bench.opened();
    client.send('kept');
    client.send('lost');
    await bench.run(200);
    bench.chat.loseMessages(3);
    await bench.run(5_000);
    expect(shown.messages).toEqual(bench.chat.messages('ann'));
    client.send('after');
    await bench.run(200);
    expect(texts(shown.messages)).toEqual(['Hello', 'kept', 'You said kept', 'after', 'You said after']);
  });

  test('a server that lost the session: a new one begins', async () => {
    const { client, shown } = await bench.opened();
    client.send('gone');
    await bench.run(200);
    bench.chat.forgetSessions();
    await bench.run(5_000);
    expect([client.state, texts(shown.messages)]).toEqual(['open', ['Hello']]);
  });

  test('what may be in a lost session is not sent again by itself', async () => {
    const { client } = await bench.opened();
    bench.chat.faults.push('swallow');
    client.send('perhaps there');
    await bench.run(100);
    client.send('not sent yet');
    bench.chat.forgetSessions();
    await bench.run(5_000);
    expect(client.outbox.map(({ text, failure }) => [text, failure])).toEqual([
      ['perhaps there', 'other-session'],
    ]);
    expect(bench.chat.textsOf('ann')).toEqual(['not sent yet']);
    client.retry(client.outbox[0]?.id ?? '');
    await bench.run(200);
    expect(bench.chat.textsOf('ann')).toEqual(['not sent yet', 'perhaps there']);
  });

  test('written without a connection, sent in order when there is one', async () => {
    bench.network.down = true;
    const { client } = bench.client();
    client.start();
    for (const text of ['one', 'two']) expect(client.send(text)).toBe('queued');
    await bench.run(5_000);
    bench.network.down = false;
    await bench.run(60_000);
    expect(bench.chat.textsOf('ann')).toEqual(['one', 'two']);
  });
});

describe('the page is loaded again', () => {
  test('what was not sent is sent, and the conversation goes on', async () => {
    const before = await bench.opened();
    before.client.send('first');
    await bench.run(100);
    bench.chat.stalled = true;
    before.client.send('second');
    before.client.send('third');
    await bench.run(2_000);
    before.client.stop();
    bench.chat.stalled = false;
    const { client, shown } = await bench.opened();
    await bench.run(500);
    expect(bench.chat.textsOf('ann')).toEqual(['first', 'second', 'third']);
    expect(shown.messages).toEqual(bench.chat.messages('ann'));
    expect(client.outbox).toEqual([]);
  });

  test('a long conversation: the newest messages come, older ones when asked for', async () => {
    const { client: before } = await bench.opened();
    for (let at = 0; at < 400; at++) bench.chat.say('ann', 'bot', { type: 'text', text: `message ${at}` });
    await bench.run(2_000);
    before.stop();
    const { client, shown } = await bench.opened();
    expect(shown.messages).toHaveLength(clientLimits.reloadMessages);
    expect(client.hasOlder).toBe(true);
    for (let at = 0; at < 10; at++) {
      client.loadOlder();
      client.loadOlder();
      await bench.run(50);
    }
    expect(shown.messages).toEqual(bench.chat.messages('ann'));
    expect(client.hasOlder).toBe(false);
  });

  test('another person uses the browser: neither messages nor unsent texts are theirs', async () => {
    const before = await bench.opened();
    bench.chat.stalled = true;
    before.client.send('private');
    await bench.run(100);
    before.client.stop();
    bench.chat.stalled = false;
    bench.tokens = { get: () => Promise.resolve(bench.chat.giveToken('bob')) };
    const { client, shown } = bench.client();
    client.start();
    await bench.run(5_000);
    expect([client.user, texts(shown.messages), client.outbox]).toEqual(['bob', ['Hello'], []]);
    expect(bench.chat.textsOf('bob')).toEqual([]);
  });
});

describe('storage', () => {
  test.each(['full', 'forbidden'] as const)(
    '%s: the chat works and says that nothing is kept',
    async (mode) => {
      bench.store.mode = mode;
      const { client, shown } = await bench.opened();
      client.send('Hi');
      expect(client.persistent).toBe(false);
      await bench.run(5_000);
      expect(texts(shown.messages)).toEqual(['Hello', 'Hi', 'You said Hi']);
    },
  );
});

describe('connections', () => {
  test('back-off has full jitter from 0.5 s up to 30 s and starts anew after a stable connection', async () => {
    bench.network.down = true;
    const { client } = bench.client();
    client.start();
    await bench.run(600_000);
    const gaps = bench.network.attemptsMs.slice(1).map((at, i) => at - (bench.network.attemptsMs[i] ?? 0));
    expect(gaps.slice(0, 4).every((gapMs, at) => gapMs <= 500 * 2 ** at + 320)).toBe(true);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(clientLimits.backoffCapMs + 400);
    expect(Math.max(...gaps)).toBeGreaterThan(15_000);
    bench.network.down = false;
    await bench.run(clientLimits.backoffCapMs + clientLimits.stableMs + 1_000);
    expect(client.state).toBe('open');
    const lostMs = bench.clock.nowMs();
    bench.chat.closeAll(1006);
    await bench.run(1_000);
    expect((bench.network.attemptsMs.at(-1) ?? 0) - lostMs).toBeLessThanOrEqual(520);
  });

  test.each(Object.entries(closeCodes).filter(([, code]) => code >= 4200))(
    '%s: comes back',
    async (_, code) => {
      const { client } = await bench.opened();
      bench.chat.closeAll(code);
      await bench.run(2_000);
      expect(client.state).toBe('open');
      if (code === closeCodes.tokenExpired) expect(bench.needs).toEqual(['connect', 'renew']);
    },
  );

  test.each([
    ['badFrame', 'refused'],
    ['unsupportedVersion', 'old-version'],
    ['forbidden', 'forbidden'],
    ['takenOver', 'taken-over'],
    ['helloTimeout', 'refused'],
    ['flood', 'refused'],
  ] as const)('%s: stays closed until the person says so', async (name, reason) => {
    const { client } = await bench.opened();
    bench.chat.closeAll(closeCodes[name]);
    await bench.run(120_000);
    expect([client.state, client.closedReason]).toEqual(['closed', reason]);
    expect(bench.network.attemptsMs).toHaveLength(1);
    client.start();
    await bench.run(100);
    expect([client.state, client.closedReason]).toEqual(['open', null]);
  });

  test('a duplicated tab takes the device over; going on here is a device of its own, and both stay', async () => {
    const one = await bench.opened('same');
    const two = await bench.opened('same');
    await bench.run(100);
    expect(one.client.closedReason).toBe('taken-over');
    one.client.takeBack('other');
    await bench.run(200);
    expect([one.client.state, two.client.state]).toEqual(['open', 'open']);
  });

  test('reconnect: the connection is used until then, and the next is made at that time', async () => {
    const { client } = await bench.opened();
    const nowMs = bench.clock.nowMs();
    bench.chat.signal('ann', { type: 'reconnect', afterMs: 3_000 });
    await bench.run(1_000);
    client.send('still here');
    await bench.run(100);
    expect(bench.chat.textsOf('ann')).toEqual(['still here']);
    bench.chat.closeAll(closeCodes.draining);
    await bench.run(1_000);
    client.wake();
    expect(client.state).toBe('waiting');
    await bench.run(1_500);
    expect(client.state).toBe('open');
    expect((bench.network.attemptsMs[1] ?? 0) - nowMs).toBeGreaterThanOrEqual(3_000);
  });

  test('a woken page asks whether the connection lives and leaves it when nothing answers', async () => {
    const { client } = await bench.opened();
    client.wake();
    await bench.run(100);
    expect(bench.chat.frames.at(-1)).toEqual({ type: 'ping', id: 1 });
    bench.chat.stalled = true;
    bench.network.down = true;
    client.wake();
    await bench.run(clientLimits.pongMs + 3_000);
    expect(client.state).toBe('waiting');
    bench.chat.stalled = false;
    bench.network.down = false;
    client.wake();
    await bench.run(100);
    expect(client.state).toBe('open');
  });

  test('silence is followed by a ping', async () => {
    const { client } = await bench.opened();
    await bench.run(2 * clientLimits.idlePingMs + 1_000);
    expect(bench.chat.frames.some(({ type }) => type === 'ping')).toBe(true);
    bench.chat.stalled = true;
    await bench.run(2 * clientLimits.idlePingMs + clientLimits.pongMs);
    expect(client.state).not.toBe('open');
  });

  test('a server that accepts and says nothing is left', async () => {
    bench.chat.stalled = true;
    const { client } = bench.client();
    client.start();
    await bench.run(clientLimits.connectMs + 100);
    expect(bench.network.attemptsMs.length + Number(client.state === 'waiting')).toBeGreaterThanOrEqual(2);
  });

  test('after stop nothing is left running', async () => {
    const { client } = await bench.opened();
    client.keyPressed();
    client.send('Hi');
    bench.chat.signal('ann', { type: 'typing', author: 'bot', on: true });
    await bench.run(15);
    client.stop();
    client.stop();
    await bench.run(50);
    expect(bench.clock.pendingTimers).toBe(0);
    expect([client.state, client.closedReason, bench.chat.connections]).toEqual(['closed', 'stopped', 0]);
  });
});

describe('tokens', () => {
  test('a rejected token is replaced once; a second rejection closes', async () => {
    bench.tokens = {
      get: (need) =>
        Promise.resolve(need === 'rejected' ? bench.chat.giveToken('ann') : { token: 'bad', expires: null }),
    };
    const { client } = bench.client();
    client.start();
    await bench.run(200);
    expect([client.state, bench.needs]).toEqual(['open', ['connect', 'rejected']]);
    bench.tokens = { get: () => Promise.resolve({ token: 'bad', expires: null }) };
    bench.chat.closeAll(closeCodes.unauthorized);
    await bench.run(60_000);
    expect([client.state, client.closedReason]).toEqual(['closed', 'unauthorized']);
  });

  test('a visitor who is not known any more begins anew, without the old session', async () => {
    const before = await bench.opened();
    before.client.stop();
    let kept = { token: 'old', expires: null as number | null };
    bench.tokens = {
      get: (need) => {
        if (need === 'rejected') kept = bench.chat.giveToken('new');
        return Promise.resolve(kept);
      },
    };
    const { client, shown } = bench.client();
    client.start();
    await bench.run(500);
    expect([client.state, client.user, texts(shown.messages)]).toEqual(['open', 'new', ['Hello']]);
  });

  test('a source that refuses closes; one that fails or hangs is asked again', async () => {
    bench.tokens = { get: () => Promise.reject(new Error('away')) };
    const { client } = bench.client();
    client.start();
    await bench.run(1_000);
    expect(client.state).not.toBe('closed');
    bench.tokens = { get: () => new Promise(() => undefined) };
    await bench.run(3 * clientLimits.connectMs);
    expect(bench.needs.length).toBeGreaterThanOrEqual(4);
    bench.tokens = { get: () => Promise.reject(new TokenRefusedError('logged out')) };
    await bench.run(120_000);
    expect([client.state, client.closedReason]).toEqual(['closed', 'unauthorized']);
  });

  test('is renewed before its end, on the same connection', async () => {
    bench = new ClientBench({ tokenMs: 300_000 });
    const { client } = await bench.opened();
    await bench.run(1_000_000);
    expect(client.state).toBe('open');
    expect(bench.network.attemptsMs).toHaveLength(1);
    expect(bench.needs.slice(0, 3)).toEqual(['connect', 'renew', 'renew']);
    expect(bench.needs.length).toBeLessThan(8);
  });
});

describe('refusals', () => {
  test.each(['rate', 'unavailable'] as const)('%s: goes again later, in order', async (error) => {
    const { client } = await bench.opened();
    bench.chat.faults.push({ error, retryAfterMs: 3_000 });
    for (const text of ['one', 'two']) client.send(text);
    await bench.run(2_900);
    expect(bench.chat.textsOf('ann')).toEqual([]);
    await bench.run(500);
    expect(bench.chat.textsOf('ann')).toEqual(['one', 'two']);
  });

  test.each([
    ['too-long', 'too-long'],
    ['full', 'full'],
    ['bad-frame', 'refused'],
  ] as const)('%s: the person may try again or throw it away; others go on', async (error, failure) => {
    const { client } = await bench.opened();
    bench.chat.faults.push({ error });
    client.send('bad');
    client.send('good');
    await bench.run(200);
    expect(client.outbox.map(({ state, failure: why }) => [state, why])).toEqual([['failed', failure]]);
    expect(bench.chat.textsOf('ann')).toEqual(['good']);
    client.discard(client.outbox[0]?.id ?? '');
    expect(client.outbox).toEqual([]);
  });

  test("the server's rate is kept without being told", async () => {
    bench = new ClientBench({ limits: { messagesPer10s: 3 } });
    const { client } = await bench.opened();
    for (let at = 0; at < 7; at++) client.send(`message ${at}`);
    await bench.run(9_000);
    expect(bench.chat.textsOf('ann')).toHaveLength(3);
    await bench.run(30_000);
    expect(bench.chat.textsOf('ann')).toHaveLength(7);
  });
});

describe('marks and typing', () => {
  test('are told at most once a second and three seconds, and typing ends', async () => {
    const { client } = await bench.opened();
    const typing = () => bench.chat.frames.filter(({ type }) => type === 'typing');
    for (let at = 0; at < 40; at++) {
      client.keyPressed();
      bench.chat.say('ann', 'bot', { type: 'text', text: `${at}` });
      await bench.run(100);
      client.markRead(client.messages.at(-1)?.seq ?? 0);
    }
    expect(typing()).toHaveLength(2);
    expect(bench.chat.frames.filter(({ type }) => type === 'read').length).toBeLessThanOrEqual(5);
    await bench.run(clientLimits.typingIdleMs + 100);
    expect(typing().at(-1)).toEqual({ type: 'typing', on: false });
    expect(bench.chat.frames.findLast(({ type }) => type === 'read')).toEqual({ type: 'read', seq: 41 });
    expect(client.readSeq).toBe(41);
  });

  test('more readers and typists than are held are left out', async () => {
    const { client } = await bench.opened();
    for (let at = 0; at < clientLimits.readers + 5; at++) {
      bench.chat.signal('ann', { type: 'marks', reader: `r${at}`, marks: { delivered: at, read: 0 } });
      bench.chat.signal('ann', { type: 'typing', author: 'agent', name: `a${at}`, on: true });
    }
    await bench.run(50);
    expect(client.othersMarks.delivered).toBe(clientLimits.readers - 1);
    expect(client.typists).toHaveLength(clientLimits.typists);
    await bench.run(clientLimits.typingShownMs);
    expect(client.typists).toEqual([]);
  });
});

test('what is no frame of the protocol ends the connection, which comes back', async () => {
  const { client } = await bench.opened();
  bench.chat.signal('ann', 'nonsense' as never);
  await bench.run(2_000);
  expect([client.state, bench.network.attemptsMs.length]).toEqual(['open', 2]);
});

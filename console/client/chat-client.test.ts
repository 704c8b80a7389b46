import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { closeCodes } from '../../gateway/websocket/protocol.js';
import type { ChatMessage } from '../../gateway/websocket/protocol.js';
import { ClientBench } from '../testing/client-bench.js';
import { clientLimits } from './limits.js';

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

  test('characters that no text may hold are left out', async () => {
    const { client } = await bench.opened();
    client.send('a\u0007b\r\n\tc \ud83d\ude00\ud83d');
    await bench.run(100);
    expect(bench.chat.textsOf('ann')).toEqual(['ab\n\tc \ud83d\ude00']);
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
    ['\u0000\ud800', 'empty'],
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

test('what is no frame of the protocol ends the connection, which comes back', async () => {
  const { client } = await bench.opened();
  bench.chat.signal('ann', 'nonsense' as never);
  await bench.run(2_000);
  expect([client.state, bench.network.attemptsMs.length]).toEqual(['open', 2]);
});

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

test('a clock that is far ahead of the server does not make the client renew all the time', async () => {
  const { client } = await bench.opened();
  bench.tokens = { get: () => Promise.resolve({ ...bench.chat.giveToken('ann'), expires: 0 }) };
  bench.chat.signal('ann', { type: 'refreshed', tokenExpires: 1 });
  await bench.run(5 * clientLimits.renewAgainMs);
  expect(client.state).toBe('open');
  expect(bench.needs.filter((need) => need === 'renew').length).toBeLessThanOrEqual(5);
});

test('an order to reconnect is followed within five minutes, however late it asks for', async () => {
  await bench.opened();
  bench.chat.signal('ann', { type: 'reconnect', afterMs: 86_400_000 });
  await bench.run(clientLimits.reconnectMs - 1_000);
  expect(bench.network.attemptsMs).toHaveLength(1);
  await bench.run(2_000);
  expect(bench.network.attemptsMs).toHaveLength(2);
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
    [undefined, clientLimits.retryMs],
    [3_600_000, clientLimits.retryMostMs],
  ])('that ask for %s ms are followed after a bounded time', async (retryAfterMs, waitMs) => {
    const { client } = await bench.opened();
    bench.chat.faults.push({ error: 'rate', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    client.send('later');
    await bench.run(waitMs - 100);
    expect(bench.chat.textsOf('ann')).toEqual([]);
    await bench.run(300);
    expect(bench.chat.textsOf('ann')).toEqual(['later']);
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

  test('an older mark that comes late lowers nothing', async () => {
    const { client } = await bench.opened();
    for (const read of [3, 1])
      bench.chat.signal('ann', { type: 'marks', reader: 'kim', marks: { delivered: 3, read } });
    await bench.run(50);
    expect(client.othersMarks).toEqual({ delivered: 3, read: 3 });
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

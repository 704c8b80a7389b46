import { afterEach, beforeEach, expect, test } from 'vitest';

import type { UserAgent } from './sip/user-agent.js';
import { signChatToken } from './testing/chat-token.js';
import { MrcpCaller } from './testing/mrcp-caller.js';
import { ParleyProcess } from './testing/parley-process.js';
import { closeCodes } from './websocket/protocol.js';
import { ChatClient } from './websocket/testing/chat-client.js';

const longText =
  'This prompt is long enough to go on while the node is told to stop. It is still heard to its end.';
let userAgent: UserAgent;

beforeEach(async () => {
  userAgent = await MrcpCaller.createUserAgent();
});

afterEach(async () => {
  await userAgent.close();
});

async function speaking(parley: ParleyProcess): Promise<MrcpCaller> {
  const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechsynth']);
  const channelId = caller.channel('speechsynth');
  const headers = { 'Content-Type': 'text/plain' };
  await caller.mrcp.request({ method: 'SPEAK', channelId, headers, body: longText });
  return caller;
}

test('SIGTERM: not ready, new sessions get 503, the running one is heard out, exit code 0', async () => {
  const { parley } = await ParleyProcess.start();
  const caller = await speaking(parley);
  const exited = parley.stop();
  await parley.waitForLine((line) => line.msg === 'draining', 5_000);
  expect((await fetch(`http://127.0.0.1:${parley.ports.http}/readyz`)).status).toBe(503);
  await expect(MrcpCaller.open(userAgent, parley.ports.sip, ['speechsynth'])).rejects.toThrow('refused: 503');

  const complete = await caller.mrcp.nextEvent(caller.channel('speechsynth'), 15_000);
  expect(complete.headers.get('completion-cause')).toBe('000 normal');
  caller.close();
  expect(await exited).toBe(0);
});

test('at drain.seconds the sessions that are left get BYE, and the exit code is 0 all the same', async () => {
  const { parley } = await ParleyProcess.start({ settings: { 'drain.seconds': '1' } });
  const caller = await speaking(parley);
  expect(await parley.stop()).toBe(0);
  expect(caller.ended).toBe(true);
  caller.close();
});

test('with chats and calls: chats are sent elsewhere first, and the call is heard out', async () => {
  const secret = 'a secret of the drain test, 32 characters';
  const { parley } = await ParleyProcess.start({
    settings: { 'chat.tokens.secret': secret, 'chat.drainSeconds': '2', 'drain.seconds': '20' },
  });
  const url = `ws://127.0.0.1:${parley.ports.http}/ws`;
  const chats: ChatClient[] = [];
  for (let i = 0; i < 40; i++) {
    const token = await signChatToken(secret, { sub: `user-${i}` });
    const { client } = await ChatClient.open(url, { token });
    await client.next('message');
    chats.push(client);
  }
  const caller = await speaking(parley);
  const startMs = performance.now();
  const goneMs: number[] = [];
  const codes = chats.map((chat) =>
    chat.closed.then((code) => {
      goneMs.push(performance.now() - startMs);
      return code;
    }),
  );
  const exited = parley.stop();
  await parley.waitForLine((line) => line.msg === 'draining', 5_000);
  expect((await fetch(`http://127.0.0.1:${parley.ports.http}/readyz`)).status).toBe(503);
  expect(await new ChatClient(url).refused).toBe(503);
  expect(performance.now() - startMs).toBeLessThan(1_000);

  const last = chats.at(-1);
  last?.send({ type: 'message', id: 'm-1', text: 'my internet is down' });
  const kept = await last?.next('ack');
  let answer = await last?.next('message');
  while (answer && answer.seq <= (kept?.seq ?? 0)) answer = await last?.next('message');
  expect(answer).toMatchObject({ author: 'bot' });

  expect(new Set(await Promise.all(codes))).toEqual(new Set([closeCodes.draining]));
  for (const chat of chats) expect((await chat.next('reconnect')).afterMs).toBeLessThan(5_000);
  // Evenly over drainSeconds: none early, none late.
  expect(goneMs.filter((ms) => ms < 1_000).length).toBeGreaterThan(10);
  expect(goneMs.filter((ms) => ms >= 1_000).length).toBeGreaterThan(10);
  expect(Math.max(...goneMs)).toBeLessThan(3_500);
  expect(caller.ended).toBe(false);

  const complete = await caller.mrcp.nextEvent(caller.channel('speechsynth'), 15_000);
  expect(complete.headers.get('completion-cause')).toBe('000 normal');
  expect(performance.now() - startMs).toBeGreaterThan(Math.max(...goneMs));
  caller.close();
  expect(await exited).toBe(0);
  expect(parley.errors).toEqual([]);
});

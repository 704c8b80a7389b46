import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { projectPath } from '../../config/paths.js';
import type { ChatMessage } from './protocol.js';
import { ChatServer } from './testing/chat-server.js';

type Send = (text: string, id?: string) => void;
type Chat = (options: {
  readonly url: string;
  readonly getToken: () => Promise<string>;
  readonly show: (message: ChatMessage) => void;
}) => Send;

const ref = { tenant: 'default', sessionId: 's1' };

let server: ChatServer;

/** The code that README.md prints; `sockets` are all that it opened. */
function printedClient(): { readonly chat: Chat; readonly sockets: WebSocket[]; readonly code: string } {
  const page = readFileSync(projectPath('gateway', 'websocket', 'README.md'), 'utf8');
  const code = /```js\n([^`]*)```/.exec(page.replaceAll('`A-Z', ''))?.[1] ?? '';
  const sockets: WebSocket[] = [];
  class Recorded extends WebSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
      this.on('error', () => undefined);
    }
  }
  const chat = runInNewContext(`${code}; chat`, { WebSocket: Recorded, crypto, setTimeout }) as Chat;
  return { chat, sockets, code };
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error('not within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

afterEach(() => server.stop());

test('the client of the README loses and doubles nothing over broken connections, and stops when it is told', async () => {
  server = await ChatServer.start();
  const { chat, code, sockets } = printedClient();
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(35);
  const shown: ChatMessage[] = [];
  const getToken = () => Promise.resolve('default/anna');
  const send = chat({ url: server.url, getToken, show: (message) => shown.push(message) });
  await until(() => server.sessions.followers === 1);
  server.sessions.say(ref, 'one');
  send('two', 'm-2');
  await until(() => shown.length === 2);
  server.sessions.hold();
  send('three', 'm-3');
  sockets[0]?.terminate();
  await until(() => server.sessions.followers === 0);
  server.sessions.letGo();
  server.sessions.say(ref, 'four');
  await until(() => shown.length === 4);
  server.sessions.failFollowers(ref);
  send('five', 'm-5');
  await until(() => shown.length === 5);
  expect(shown.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  const texts = shown.map(({ body }) => body.text).sort();
  expect(texts).toEqual(['five', 'four', 'one', 'three', 'two']);
  expect(sockets).toHaveLength(3);
  server.router.loseAll();
  await until(() => server.chat.readings().connections === 0);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(sockets).toHaveLength(3);
});

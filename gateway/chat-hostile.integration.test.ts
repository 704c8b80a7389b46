import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientOptions } from 'ws';

import { httpLimits } from '../config/limits.js';
import type { LogMessage } from './ports/session-log.js';
import { ChatLoad } from './testing/chat-load.js';
import { signChatToken } from './testing/chat-token.js';
import { countingText, writeCountingTree } from './testing/counting-tree.js';
import { settledGauges } from './testing/gauges.js';
import { ParleyProcess } from './testing/parley-process.js';
import { closeCodes } from './websocket/protocol.js';
import { ChatClient } from './websocket/testing/chat-client.js';

const secret = 'a secret of the hostile test, 32 characters';
const apiKey = 'a-key-that-may-do-everything';
const readKey = 'a-key-that-may-only-read';
const otherKey = 'a-key-of-another-tenant';
/** What a neighbour may wait for an answer at most on a machine that others use, too. */
const neighbourlyMs = 2_500;
const memoryGrowthBytes = 150 * 1_048_576;

const directory = mkdtempSync(join(tmpdir(), 'parley-hostile-'));
let parley: ParleyProcess;
let url: string;
let neighbours: ChatLoad;
let memoryBytes = 0;
/** Every frame that an attacker got. */
const heard: string[] = [];
let addresses = 0;

beforeAll(async () => {
  const scopes = ['sessions:read', 'messages:read'];
  ({ parley } = await ParleyProcess.start({
    apiKey,
    settings: {
      'dialog.tree': writeCountingTree(directory),
      'speech.warm': 'false',
      'chat.tokens.secret': secret,
      'chat.visitors.enabled': 'true',
      'chat.trustProxies': '1',
      'security.keys': JSON.stringify([
        { name: 'reader', key: readKey, scopes },
        { name: 'other', key: otherKey, scopes: [...scopes, 'messages:write'], tenant: 'other' },
      ]),
    },
  }));
  url = `ws://127.0.0.1:${parley.ports.http}/ws`;
  neighbours = await ChatLoad.connect({
    clients: 3,
    everyMs: 700,
    text: countingText,
    urls: () => [url],
    secret,
  });
  neighbours.start();
  await pause(1_500);
  memoryBytes = await parley.metric('process_resident_memory_bytes');
}, 60_000);

afterAll(async () => {
  neighbours.close();
  await parley.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** An address of its own, so that what one attack does is not held against the next. */
function address(): Record<string, string> {
  addresses++;
  return { 'x-forwarded-for': `10.1.${addresses >> 8}.${addresses & 255}` };
}

async function connect(options: ClientOptions = { headers: address() }): Promise<ChatClient> {
  const client = new ChatClient(url, options);
  client.socket.on('message', (data: Buffer) => heard.push(data.toString()));
  await client.connected();
  return client;
}

/** A client that has said hello as a user of its own. */
async function enter(user: string, more: Record<string, unknown> = {}): Promise<ChatClient> {
  const client = await connect();
  client.hello({ token: await signChatToken(secret, { sub: user }), ...more });
  return client;
}

function victim(): { readonly session: string; readonly lastId: string } {
  const [peer] = neighbours.peers;
  const lastId = peer?.messages.findLast(({ id }) => id !== undefined)?.id ?? '';
  return { session: peer?.session ?? '', lastId };
}

const closes = (code: number): Promise<number> => parley.metric(`parley_chat_closes_total{code="${code}"}`);
const refused = (reason: string): Promise<number> =>
  parley.metric(`parley_chat_refused_total{reason="${reason}"}`);

describe('who does not speak the protocol is closed', () => {
  const hello = { type: 'hello', versions: [1], token: 'x', device: 'tab-1' };
  const depth = `{"type":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
  test.each<[string, string | Buffer, number, string]>([
    ['not JSON', 'hello?', closeCodes.badFrame, 'bad-frame'],
    ['no object', '[1,2,3]', closeCodes.badFrame, 'bad-frame'],
    ['binary', Buffer.from('{"type":"end"}'), closeCodes.badFrame, 'bad-frame'],
    ['the wrong order', '{"type":"message","id":"m","text":"x"}', closeCodes.badFrame, 'bad-frame'],
    ['the wrong types', JSON.stringify({ ...hello, device: 5 }), closeCodes.badFrame, 'bad-frame'],
    ['a version of a list', JSON.stringify({ ...hello, versions: [[1]] }), closeCodes.badFrame, 'bad-frame'],
    ['depth', depth, closeCodes.badFrame, 'bad-frame'],
    ['10 MB', 'x'.repeat(10_485_760), 1_009, 'unsupported-message-length'],
  ])('%s', async (_, frame, code, reason) => {
    const before = [await closes(code), await refused(reason)];
    const client = await connect();
    client.send(frame);
    expect(await client.closed).toBe(code);
    const [closed = 0, counted = 0] = before;
    expect([await closes(code), await refused(reason)]).toEqual([closed + 1, counted + 1]);
  });

  test('a text that is not UTF-8', async () => {
    const client = await connect();
    client.socket.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false });
    expect(await client.closed).toBe(1_007);
    expect(await refused('invalid-utf8')).toBe(1);
  });

  test('hello twice', async () => {
    const client = await enter('twice');
    await client.next('ready');
    client.hello();
    expect(await client.closed).toBe(closeCodes.badFrame);
  });
});

test('frames with wrong fields are refused one by one, and the connection goes on', async () => {
  const client = await enter('clumsy');
  await client.next('ready');
  const bad: readonly [string, string][] = [
    ['{"type":"message","id":"m-1","text":5}', 'text'],
    ['{"type":"message","id":"m 1","text":"x"}', 'id'],
    ['{"type":"message","id":"m-1","text":"\\ud83d"}', 'text'],
    [`{"type":"message","id":"m-1","text":"${'x'.repeat(4_001)}"}`, 'text'],
    ['{"type":"history","before":10,"limit":1000000000}', 'limit'],
    ['{"type":"history","before":-1,"limit":10}', 'before'],
    ['{"type":"read","seq":1.5}', 'seq'],
    ['{"type":"delivered","seq":1e308}', 'seq'],
    ['{"type":"__proto__"}', 'type'],
  ];
  for (const [frame, field] of bad) {
    client.send(frame);
    const { code, field: named } = await client.next('error');
    expect([frame, named]).toEqual([frame, field]);
    expect(['bad-frame', 'too-long']).toContain(code);
  }
  expect(await client.roundTripMs()).toBeLessThan(1_000);
  await client.leave();
});

describe('who is not who they say they are is closed', () => {
  const none = (claims: object): string =>
    [{ alg: 'none' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
  const nowS = Math.floor(Date.now() / 1_000);
  test.each<[string, () => Promise<string>, number]>([
    ['expired', () => signChatToken(secret, { sub: 'user-0', exp: nowS - 120 }), closeCodes.tokenExpired],
    [
      'not signed',
      () => Promise.resolve(`${none({ sub: 'user-0', exp: nowS + 60 })}.`),
      closeCodes.unauthorized,
    ],
    [
      'signed by somebody else',
      () => signChatToken('another secret of 32 characters and more', { sub: 'user-0' }),
      closeCodes.unauthorized,
    ],
    ['of nobody', () => signChatToken(secret, { sub: '' }), closeCodes.unauthorized],
    ['of no tenant', () => signChatToken(secret, { sub: 'user-0', tenant: '../x' }), closeCodes.unauthorized],
    ['no token', () => Promise.resolve('let me in'), closeCodes.unauthorized],
    [
      'of another tenant, with a session of ours',
      () => signChatToken(secret, { sub: 'user-0', tenant: 'other' }),
      closeCodes.unknownSession,
    ],
    [
      "of another user, with somebody's session",
      () => signChatToken(secret, { sub: 'mallory' }),
      closeCodes.unknownSession,
    ],
  ])('a token that is %s', async (_, make, code) => {
    const before = await closes(code);
    const client = await connect();
    client.hello({ token: await make(), session: victim().session });
    expect(await client.closed).toBe(code);
    expect(await closes(code)).toBe(before + 1);
    expect(client.frames).toEqual([]);
  });

  test('a page of another site', async () => {
    const client = new ChatClient(url, { headers: address(), origin: 'https://evil.example.com' });
    expect(await client.refused).toBe(403);
    expect(await refused('origin')).toBe(1);
  });

  test('a token of somebody else does not renew a connection', async () => {
    const client = await enter('mallory');
    await client.next('ready');
    client.send({ type: 'refresh', token: await signChatToken(secret, { sub: 'user-0' }) });
    expect(await client.next('error')).toMatchObject({ code: 'unauthorized', field: 'token' });
    await client.leave();
  });
});

test("another user's message ids, a since from the future and marks of it touch one's own session alone", async () => {
  const first = await enter('eve');
  const { session } = await first.next('ready');
  first.send({ type: 'message', id: victim().lastId, text: 'mine' });
  const { duplicate, seq } = await first.next('ack');
  expect([duplicate, seq]).toEqual([undefined, 1]);
  first.send({ type: 'read', seq: Number.MAX_SAFE_INTEGER });
  first.send({ type: 'history', before: Number.MAX_SAFE_INTEGER, limit: 100 });
  const { messages } = await first.next('history');
  expect(messages[0]?.body).toEqual({ type: 'text', text: 'mine' });
  await first.leave();
  const second = await enter('eve', { session, since: 1_000_000 });
  expect(await second.next('ready')).toMatchObject({ session, since: 0 });
  await second.leave();
});

describe('floods', () => {
  test('of 100,000 tiny frames are warned of, then closed', async () => {
    const client = await enter('flooder');
    await client.next('ready');
    for (let i = 0; i < 100_000; i++) {
      if (client.socket.readyState !== client.socket.OPEN) break;
      client.send('{"type":"ping","id":1}');
      if (i % 1_000 === 0) await pause(0);
    }
    expect(await client.closed).toBe(closeCodes.flood);
    expect(await closes(closeCodes.flood)).toBe(1);
    expect(await refused('frame-rate')).toBeGreaterThan(0);
  });

  test('of messages are refused by the rate of the user', async () => {
    const client = await enter('spammer');
    await client.next('ready');
    for (let i = 0; i < 60; i++) client.send({ type: 'message', id: `m-${i}`, text: 'spam' });
    for (let i = 20; i < 60; i++) expect((await client.next('error')).id).toBe(`m-${i}`);
    expect(await refused('rate')).toBeGreaterThanOrEqual(40);
    await client.leave();
  });

  test('of connections from one address are refused before they are WebSockets', async () => {
    const headers = address();
    const clients = Array.from({ length: 150 }, () => new ChatClient(url, { headers }));
    const outcomes = await Promise.all(
      clients.map((client) => Promise.race([client.refused, client.connected().then(() => 101)])),
    );
    expect(outcomes.filter((status) => status === 429)).toHaveLength(50);
    expect(await refused('connects-per-ip')).toBe(50);
    for (const client of clients) client.socket.terminate();
  });

  test('of visitors from one address are refused', async () => {
    const headers = address();
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) statuses.push(await ask('POST', '/chat/visitor', { headers }));
    expect(statuses.filter((status) => status === 200)).toHaveLength(30);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  });
});

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The status of an answer, which is heard by the attacker. */
async function ask(method: string, path: string, { body, headers = {} }: Asked = {}): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${parley.ports.http}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  heard.push(await response.text());
  return response.status;
}

describe('the HTTP API', () => {
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const post = '/api/v1/users/mallory/messages';
  const deep = `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  test.each<[string, string, string, string | null, string | undefined, number]>([
    ['no key', 'GET', '/api/v1/sessions', null, undefined, 401],
    ['a wrong key', 'GET', '/api/v1/sessions', `${apiKey}x`, undefined, 401],
    ['a key that may not write', 'POST', post, readKey, '{"text":"x"}', 403],
    ['a key that may not see numbers', 'GET', '/metrics', readKey, undefined, 403],
    ["another tenant's key", 'GET', '/api/v1/sessions/{victim}', otherKey, undefined, 404],
    [
      "another tenant's key for messages",
      'GET',
      '/api/v1/sessions/{victim}/messages',
      otherKey,
      undefined,
      404,
    ],
    [
      "another tenant's key that writes",
      'POST',
      '/api/v1/sessions/{victim}/messages',
      otherKey,
      '{"text":"x"}',
      404,
    ],
    ['a body that is not JSON', 'POST', post, apiKey, '{"text":', 400],
    ['a body of another shape', 'POST', post, apiKey, '[]', 400],
    ['an unknown field', 'POST', post, apiKey, '{"text":"x","admin":true}', 400],
    ['an unknown parameter', 'GET', '/api/v1/sessions?userr=x', apiKey, undefined, 400],
    ['a huge limit', 'GET', '/api/v1/sessions?limit=1000000000', apiKey, undefined, 400],
    ['depth', 'POST', post, apiKey, deep, 400],
    ['a path out of the tree', 'GET', '/chat/assets/x/..%2f..%2f..%2fpackage.json', null, undefined, 401],
  ])('%s', async (_, method, path, key, body, status) => {
    const at = path.replace('{victim}', victim().session);
    const headers = key === null ? {} : bearer(key);
    expect(await ask(method, at, { headers, ...(body === undefined ? {} : { body }) })).toBe(status);
  });
});

test('a body of 10 MB is refused before it is sent', async () => {
  const head = [
    'POST /api/v1/users/mallory/messages HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: Bearer ${apiKey}`,
  ];
  const more = ['Content-Type: application/json', 'Content-Length: 10485760', '', ''];
  const socket = createConnection({ port: parley.ports.http, host: '127.0.0.1' });
  socket.write([...head, ...more].join('\r\n'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  await once(socket, 'close');
});

test('500 connections that say nothing and 50 requests that never end are given up', async () => {
  const slow = Array.from({ length: 50 }, () => drip());
  const quiet: ChatClient[] = [];
  while (quiet.length < 500) {
    const headers = address();
    quiet.push(...(await Promise.all(Array.from({ length: 50 }, () => connect({ headers })))));
  }
  expect(await parley.metric('parley_chat_waiting_hello')).toBe(500);
  const codes = await Promise.all(quiet.map((client) => client.closed));
  expect(new Set(codes)).toEqual(new Set([closeCodes.helloTimeout]));
  expect(await closes(closeCodes.helloTimeout)).toBe(500);
  for (const left of slow) expect(await left).toBeLessThan(2 * httpLimits.headersMs);
}, 60_000);

/** An upgrade whose header fields come a byte at a time; resolves with the milliseconds until the server had enough. */
function drip(): Promise<number> {
  const bytes = `GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nX-Slow: ${'x'.repeat(1_000)}`;
  const startMs = performance.now();
  return new Promise((resolve) => {
    const socket = createConnection({ port: parley.ports.http, host: '127.0.0.1' });
    let sent = 0;
    const timer = setInterval(() => socket.write(bytes.charAt(sent++ % bytes.length)), 100);
    socket.on('data', () => undefined);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearInterval(timer);
      resolve(performance.now() - startMs);
    });
  });
}

test('nothing was told to whom it was none of their business, and nothing is left', async () => {
  expect(heard.length).toBeGreaterThan(100);
  expect(heard.filter((text) => text.includes(countingText) || /answer \d/.test(text))).toEqual([]);
  const open = await settledGauges(parley, ['parley_chat_waiting_hello', 'parley_chat_paused'], 5_000);
  expect(Object.values(open)).toEqual([0, 0]);
  expect(await parley.metric('parley_chat_connections')).toBe(neighbours.peers.length);
  const grownBytes = (await parley.metric('process_resident_memory_bytes')) - memoryBytes;
  console.info(`memory has grown by ${Math.round(grownBytes / 1_048_576)} MB`);
  expect(grownBytes).toBeLessThan(memoryGrowthBytes);
  expect(parley.errors).toEqual([]);
});

test('the neighbours lost nothing and did not wait', async () => {
  await neighbours.settle(10_000);
  const report = await neighbours.report(async (id) => {
    const page = (await parley.getJson(`/api/v1/sessions/${id}/messages?limit=500`)) as {
      readonly messages: readonly (Omit<LogMessage, 'clientId'> & { readonly id: string | null })[];
    };
    return page.messages.map((message) => ({ ...message, clientId: message.id }));
  });
  const { connects, longestAckMs, longestAnswerMs, sent } = report;
  console.info(`${sent} messages; longest wait: ack ${longestAckMs} ms, answer ${longestAnswerMs} ms`);
  expect(report.faults).toEqual([]);
  expect([connects, report.answered]).toEqual([neighbours.peers.length, sent]);
  expect(longestAnswerMs).toBeLessThan(neighbourlyMs);
  neighbours.close();
  const left = await settledGauges(parley, ['parley_chat_connections'], 5_000);
  expect(left).toEqual({ parley_chat_connections: 0 });
  expect(await parley.stop()).toBe(0);
});

import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { audioSocketLimits } from '../config/limits.js';
import { SeededRandom } from '../config/random.js';
import { allZero, sessionGauges, settledGauges } from './testing/gauges.js';
import { repeated, throwAt } from './testing/hostile-connection.js';
import { MediaClient, type ClientMode } from './testing/media-client.js';
import { ParleyProcess } from './testing/parley-process.js';

const json: ClientMode = { mode: 'media-streams' };
const raw: ClientMode = { mode: 'l16', rateHz: 16_000 };
const token = 'media-token-0123456';
const authToken = 'twilio-auth-token-01';
const headers = { authorization: `Bearer ${token}` };

let parley: ParleyProcess;

beforeAll(async () => {
  const settings = {
    'audioSocket.tokens': `["${token}"]`,
    'audioSocket.twilio.authToken': authToken,
    'audioSocket.startSeconds': '2',
    'audioSocket.idleSeconds': '3',
    'audioSocket.maxSessions': '40',
  };
  ({ parley } = await ParleyProcess.start({ settings }));
});

afterAll(async () => {
  const code = await parley.stop();
  expect(code).toBe(0);
});

function connect(mode: ClientMode): Promise<MediaClient> {
  return MediaClient.connect({ port: parley.ports.http, mode, headers });
}

describe('who may enter', () => {
  test.each([
    ['nobody without a key', {}, {}, '401'],
    ['nobody with a wrong one', { token: `${token}7` }, {}, '401'],
    ['nobody with a wrong signature', {}, { 'x-twilio-signature': 'AAAA' }, '401'],
    ['nobody in a mode that does not exist', { token, mode: 'opus' }, {}, '400'],
    ['nobody at a rate that does not exist', { token, mode: 'l16', rate: '44100' }, {}, '400'],
  ])('%s', async (_case, query, more, status) => {
    const opening = MediaClient.connect({ port: parley.ports.http, mode: json, query, headers: more });
    await expect(opening).rejects.toThrow(`refused: ${status}`);
  });

  test('whoever has the token, in the header or in the URL, or a signature of Twilio', async () => {
    const url = `wss://127.0.0.1:${parley.ports.http}/media`;
    const signature = createHmac('sha1', authToken).update(url).digest('base64');
    const ways = [{ headers }, { query: { token } }, { headers: { 'x-twilio-signature': signature } }];
    for (const way of ways) {
      const client = await MediaClient.connect({ port: parley.ports.http, mode: json, ...way });
      client.stop();
      expect(await client.closed(5_000)).toBe(1_000);
    }
  });

  test('no more than maxSessions at a time', async () => {
    const clients: MediaClient[] = [];
    for (let i = 0; i < 40; i++) clients.push(await connect(json));
    await expect(connect(json)).rejects.toThrow('refused: 503');
    for (const client of clients) client.cut();
    await settledGauges(parley, ['parley_sessions{ingress="media"}'], 5_000);
  });
});

const started = '{"event":"start","start":{"streamSid":"MZ1"}}';
const second = Buffer.alloc(8_000).toString('base64');

/** What a client sends, and the code with which it is closed. */
const sins: readonly [string, ClientMode, (client: MediaClient) => void, number][] = [
  ['no JSON', json, (client) => client.sendRaw('hello'), 4_400],
  ['a binary frame in the JSON mode', json, (client) => client.sendRaw(new Uint8Array(320)), 4_400],
  [
    'media before start',
    json,
    (client) => client.sendRaw('{"event":"media","media":{"payload":"AAAA"}}'),
    4_409,
  ],
  ['a second start', json, (client) => [started, started].forEach((text) => client.sendRaw(text)), 4_409],
  [
    'connected after start',
    json,
    (client) => [started, '{"event":"connected"}'].forEach((text) => client.sendRaw(text)),
    4_409,
  ],
  [
    'another media format',
    json,
    (client) =>
      client.sendRaw(
        '{"event":"start","start":{"streamSid":"MZ1","mediaFormat":{"encoding":"audio/opus","sampleRate":48000,"channels":2}}}',
      ),
    4_415,
  ],
  [
    'a message over the bound',
    json,
    (client) => client.sendRaw('x'.repeat(audioSocketLimits.messageBytes + 1)),
    1_009,
  ],
  [
    'an audio frame over the bound',
    raw,
    (client) => ['{"type":"start"}', new Uint8Array(40_000)].forEach((data) => client.sendRaw(data)),
    4_413,
  ],
  [
    'half a sample',
    raw,
    (client) => ['{"type":"start"}', new Uint8Array(3)].forEach((data) => client.sendRaw(data)),
    4_400,
  ],
  ['audio before start', raw, (client) => client.sendRaw(new Uint8Array(640)), 4_409],
  [
    'audio faster than real time',
    json,
    (client) => {
      client.sendRaw(started);
      for (let i = 0; i < 10; i++) client.sendRaw(`{"event":"media","media":{"payload":"${second}"}}`);
    },
    4_429,
  ],
  [
    'messages without end',
    json,
    (client) => {
      client.sendRaw(started);
      for (let i = 0; i < 1_100; i++) client.sendRaw('{"event":"mark","mark":{"name":"x"}}');
    },
    4_429,
  ],
  ['no start at all', json, () => undefined, 4_408],
  ['no audio after start', json, (client) => client.sendRaw(started), 4_408],
];

describe('what closes a connection, with its code', () => {
  test.each(sins)('%s', async (_case, mode, sin, code) => {
    const client = await connect(mode);
    sin(client);
    expect(await client.closed(8_000)).toBe(code);
    if (code >= 4_000) expect(client.closeReason).not.toBe('');
  });
});

const handshake = `GET /media?token=${token} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

test('hundreds of hostile connections, and a well-behaved session hears its prompts without a gap', async () => {
  const good = await MediaClient.open({ port: parley.ports.http, mode: raw, headers });
  await good.waitFor(({ type }) => type === 'audio', 5_000);
  const random = new SeededRandom(11);
  const http = parley.ports.http;
  let over = false;
  let attacks = 0;
  let ownPauseMs = 0;
  let tickedAtMs = performance.now();
  const ticks = setInterval(() => {
    ownPauseMs = Math.max(ownPauseMs, performance.now() - tickedAtMs);
    tickedAtMs = performance.now();
  }, 5);
  const attack = async (): Promise<void> => {
    while (!over) {
      const [, mode, sin] = sins[random.integer(sins.length - 2)] as (typeof sins)[number];
      const client = await connect(mode).catch(() => null);
      attacks++;
      if (!client) continue;
      sin(client);
      await client.closed(10_000);
    }
  };
  const attackers = Array.from({ length: 8 }, () => attack());
  const halves = repeated(300, 10, (index) => {
    const garbage = Uint8Array.from({ length: 64 }, () => random.integer(256));
    const bytes =
      [handshake, `${handshake}\r\n`, `${handshake}${key}`, `${handshake}${key}`][index % 4] ?? '';
    const whole = index % 4 === 3 ? Buffer.concat([Buffer.from(bytes), garbage]) : bytes;
    return throwAt(http, whole, 500);
  });
  // Two prompts and the keys between them.
  await good.waitFor(({ type }) => type === 'mark', 20_000);
  const from = good.received.length;
  good.press('3');
  await good.waitFor(({ type, text }) => type === 'prompt' && text.includes('nine to six'), 10_000, from);
  await good.waitFor(({ type }) => type === 'mark', 20_000, good.received.length);
  await halves;
  over = true;
  await Promise.all(attackers);
  good.press('2');
  expect(await good.closed(20_000)).toBe(1_000);
  expect(good.faults).toEqual([]);
  // What a client has in hand: the lead of 100 ms and the packet it plays. Its own pauses are no fault of the server.
  expect(good.longestGapMs()).toBeLessThan(120 + ownPauseMs);
  expect(attacks).toBeGreaterThan(300);
  clearInterval(ticks);
}, 90_000);

test('all of it is counted, and nothing is left', async () => {
  // More at once than a slow attacker brings.
  const { http } = parley.ports;
  const whole = `${handshake}${key}`;
  await Promise.all(Array.from({ length: 400 }, () => throwAt(http, whole, 2_000)));
  expect(await settledGauges(parley, sessionGauges, 8_000)).toEqual(allZero(sessionGauges));
  for (const ending of [
    'bad-message',
    'wrong-order',
    'bad-format',
    'too-large',
    'flood',
    'idle',
    'no-start',
    'broken',
  ])
    expect(await parley.metric(`parley_audio_socket_ends_total{ending="${ending}"}`), ending).toBeGreaterThan(
      0,
    );
  for (const cause of ['full', 'rush', 'unauthorized', 'bad-request'])
    expect(await parley.metric(`parley_audio_socket_refused_total{cause="${cause}"}`), cause).toBeGreaterThan(
      0,
    );
  expect(parley.errors).toEqual([]);
});

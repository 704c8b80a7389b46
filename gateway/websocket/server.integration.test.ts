import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { systemRandom } from '../../config/random.js';
import { Secret } from '../../config/secret.js';
import { closeCodes } from './protocol.js';
import { ChatClient } from './testing/chat-client.js';
import { ChatServer, type ChatServerOptions } from './testing/chat-server.js';
import { ApplicationTokens } from './tokens.js';
import { VisitorTokens } from './visitor-tokens.js';

const ref = { tenant: 'default', sessionId: 's1' };
/** What a neighbour may wait at most on a machine that others use, too. */
const neighbourlyMs = 1_000;

let server: ChatServer;

async function start(options: ChatServerOptions = {}): Promise<ChatServer> {
  server = await ChatServer.start(options);
  return server;
}

/** Somebody who only wants to chat while others misbehave: round trips are timed until `done`. */
async function neighbour(): Promise<{ done: () => Promise<void> }> {
  const { client } = await ChatClient.open(server.url, { token: 'default/neighbour' });
  let over = false;
  let worstMs = 0;
  const trips = (async () => {
    while (!over) {
      worstMs = Math.max(worstMs, await client.roundTripMs());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    done: async () => {
      over = true;
      await trips;
      await client.leave();
      expect(worstMs).toBeLessThan(neighbourlyMs);
    },
  };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error(`not within ten seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const closes = (code: number): number => server.chat.readings().closes[String(code)] ?? 0;
const refused = (reason: string): number => server.chat.readings().refused[reason] ?? 0;

/** Nothing is left of anybody. */
afterEach(async () => {
  await until(() => server.chat.readings().connections === 0, 'all connections are gone');
  expect([server.sessions.followers, server.router.size]).toEqual([0, 0]);
  await server.stop();
  expect(server.chat.readings()).toMatchObject({
    connections: 0,
    waitingHello: 0,
    users: 0,
    addresses: 0,
    timers: 0,
    paused: 0,
  });
});

describe('a conversation', () => {
  test('from hello to end', async () => {
    await start();
    const { client, ready } = await ChatClient.open(server.url);
    expect(ready).toMatchObject({ session: 's1', user: 'anna', seq: 0, since: 0, ended: false });
    server.sessions.say(ref, {
      type: 'text',
      text: 'Hello!',
      quickReplies: [{ title: 'Yes', value: 'yes' }],
    });
    client.send({ type: 'typing', on: true });
    client.send({ type: 'message', id: 'm-1', text: 'Yes', value: 'yes' });
    expect(await client.next('ack')).toMatchObject({ id: 'm-1', seq: 2 });
    expect([await client.next('message'), await client.next('message')]).toMatchObject([
      { seq: 1 },
      { seq: 2 },
    ]);
    client.send({ type: 'read', seq: 2 });
    server.sessions.signal(ref, { type: 'marks', reader: 'kim', marks: { delivered: 2, read: 2 } });
    expect(await client.next('marks')).toMatchObject({ reader: 'kim' });
    client.send({ type: 'history', before: 3, limit: 10 });
    expect((await client.next('history')).messages).toHaveLength(2);
    client.send({ type: 'refresh', token: 'default/anna' });
    await client.next('refreshed');
    client.send({ type: 'end' });
    expect(await client.next('state')).toMatchObject({ ended: true });
    await client.leave();
    await until(() => server.chat.readings().connections === 0, 'the client is gone');
    expect(closes(1_005)).toBe(1);
    expect(server.chat.readings()).toMatchObject({ framesIn: 7 });
  });

  test('goes on after the connection broke, from where the client stopped, without gap or repetition', async () => {
    await start();
    const first = await ChatClient.open(server.url);
    first.client.send({ type: 'message', id: 'm-1', text: 'one' });
    await first.client.next('ack');
    first.client.socket.terminate();
    server.sessions.say(ref, 'two');
    server.sessions.say(ref, 'three');
    const { client, ready } = await ChatClient.open(server.url, { session: 's1', since: 1 });
    client.send({ type: 'message', id: 'm-1', text: 'one' });
    expect(ready).toMatchObject({ seq: 3, since: 1 });
    expect([await client.next('message'), await client.next('message')]).toMatchObject([
      { seq: 2 },
      { seq: 3 },
    ]);
    expect(await client.next('ack')).toMatchObject({ id: 'm-1', seq: 1, duplicate: true });
    await client.leave();
  });

  test('on two devices is the same on both; the same device twice is taken over', async () => {
    await start();
    const { client: phone } = await ChatClient.open(server.url, { device: 'phone' });
    const { client: tab } = await ChatClient.open(server.url, { device: 'tab' });
    phone.send({ type: 'message', id: 'm-1', text: 'from the phone' });
    expect(await tab.next('message')).toEqual(await phone.next('message'));
    const { client: again } = await ChatClient.open(server.url, { device: 'tab' });
    expect(await tab.closed).toBe(closeCodes.takenOver);
    again.send({ type: 'message', id: 'm-2', text: 'from the tab' });
    expect(await phone.next('message')).toMatchObject({ seq: 2 });
    expect(closes(closeCodes.takenOver)).toBe(1);
    await Promise.all([phone.leave(), again.leave()]);
  });

  test('may name the subprotocol', async () => {
    await start();
    const client = new ChatClient(server.url, { protocols: ['other', 'parley.chat.v1'] });
    await client.connected();
    expect(client.socket.protocol).toBe('parley.chat.v1');
    client.hello();
    await client.next('ready');
    await client.leave();
  });
});

describe('who sends what is not the protocol is closed, and the neighbour does not notice', () => {
  test.each<[string, (client: ChatClient) => void, number, string]>([
    ['10 MB', (client) => client.send('x'.repeat(10_485_760)), 1_009, 'unsupported-message-length'],
    ['what is not JSON', (client) => client.send('hello?'), closeCodes.badFrame, 'bad-frame'],
    ['binary', (client) => client.send(Buffer.from('{"type":"end"}')), closeCodes.badFrame, 'bad-frame'],
    ['the wrong order', (client) => client.send({ type: 'end' }), closeCodes.badFrame, 'bad-frame'],
    [
      'depth',
      (client) => client.send(`{"type":${'['.repeat(30_000)}${']'.repeat(30_000)}}`),
      closeCodes.badFrame,
      'bad-frame',
    ],
  ])('%s', async (_, misbehave, code, reason) => {
    await start();
    const other = await neighbour();
    const client = new ChatClient(server.url);
    await client.connected();
    misbehave(client);
    expect(await client.closed).toBe(code);
    await until(() => closes(code) === 1, 'the close is counted');
    expect(refused(reason)).toBe(1);
    await other.done();
  });

  test('a text that is not UTF-8', async () => {
    await start();
    const other = await neighbour();
    const socket = await rawClient();
    socket.write(clientFrame(0x81, Buffer.from([0xff, 0xfe])));
    await once(socket, 'close');
    expect(refused('invalid-utf8')).toBe(1);
    await other.done();
  });

  test('nothing at all', async () => {
    await start({ bounds: { helloMs: 100 } });
    const client = new ChatClient(server.url);
    expect(await client.closed).toBe(closeCodes.helloTimeout);
    expect(closes(closeCodes.helloTimeout)).toBe(1);
  });
});

describe('floods', () => {
  test('of frames are warned of, then closed', async () => {
    await start({ rates: { framesPer10s: 500 } });
    const other = await neighbour();
    const { client } = await ChatClient.open(server.url);
    for (let i = 0; i < 5_000; i++) client.send({ type: 'ping', id: i });
    expect(await client.next('error')).toMatchObject({ code: 'rate' });
    expect(await client.closed).toBe(closeCodes.flood);
    expect([closes(closeCodes.flood), refused('frame-rate')]).toEqual([1, 251]);
    await other.done();
  });

  test('of WebSocket pings are closed as well', async () => {
    await start({ rates: { framesPer10s: 500 } });
    const other = await neighbour();
    const { client } = await ChatClient.open(server.url);
    const flood = setInterval(() => {
      for (let i = 0; i < 20; i++) if (client.socket.readyState === client.socket.OPEN) client.socket.ping();
    }, 1);
    expect(await client.closed).toBe(closeCodes.flood);
    clearInterval(flood);
    await other.done();
  });

  test('of messages are refused by the rate of the user, and the connection stays', async () => {
    await start({ rates: { messagesPer10s: 20 }, bounds: { unacknowledged: 100 } });
    const other = await neighbour();
    const { client } = await ChatClient.open(server.url);
    for (let i = 0; i < 60; i++) client.send({ type: 'message', id: `m-${i}`, text: 'spam' });
    for (let i = 0; i < 20; i++) await client.next('ack');
    for (let i = 20; i < 60; i++)
      expect(await client.next('error')).toMatchObject({ code: 'rate', id: `m-${i}` });
    expect(refused('rate')).toBe(40);
    await client.leave();
    await other.done();
  });

  test('of connects from one address are refused before they are WebSockets', async () => {
    await start({ rates: { helloPerIpPer10s: 30 } });
    const other = await neighbour();
    const clients = Array.from({ length: 50 }, () => new ChatClient(server.url));
    const outcomes = await Promise.all(
      clients.map((client) => Promise.race([client.refused, client.connected().then(() => 101)])),
    );
    expect(outcomes.filter((status) => status === 429)).toHaveLength(21);
    expect(refused('connects-per-ip')).toBe(21);
    for (const client of clients) client.socket.terminate();
    await other.done();
  });

  test('of open connections from one address, and of those that say nothing', async () => {
    await start({ rates: { connectionsPerIp: 5 }, maxWaitingHello: 3 });
    const quiet = [1, 2, 3].map(() => new ChatClient(server.url));
    await Promise.all(quiet.map((client) => client.connected()));
    expect(await new ChatClient(server.url).refused).toBe(503);
    quiet.forEach((client, index) => client.hello({ device: `d-${index}` }));
    await Promise.all(quiet.map((client) => client.next('ready')));
    const more = [1, 2].map(() => new ChatClient(server.url));
    await Promise.all(more.map((client) => client.connected()));
    expect(await new ChatClient(server.url).refused).toBe(429);
    expect([refused('waiting-hello'), refused('connections-per-ip')]).toEqual([1, 1]);
    for (const client of [...quiet, ...more]) client.socket.terminate();
  });

  test('of connections of all are refused at maxConnections', async () => {
    await start({ maxConnections: 2 });
    const { client: one } = await ChatClient.open(server.url);
    const { client: two } = await ChatClient.open(server.url, { device: 'tab-2' });
    expect(await new ChatClient(server.url).refused).toBe(503);
    expect(refused('connections')).toBe(1);
    await Promise.all([one.leave(), two.leave()]);
  });
});

describe('Origin and proxies', () => {
  test('pages of other sites are refused unless they are named; own ones and programs enter', async () => {
    await start({ origins: ['https://shop.example.com'] });
    const own = `http://127.0.0.1:${server.port}`;
    expect(await new ChatClient(server.url, { origin: 'https://evil.example.com' }).refused).toBe(403);
    expect(refused('origin')).toBe(1);
    for (const origin of [own, 'https://shop.example.com'])
      await (await ChatClient.open(server.url, {}, { origin })).client.leave();
  });

  test('behind a proxy the address that it names counts', async () => {
    await start({ trustProxies: 1, rates: { connectionsPerIp: 1 } });
    const from = (address: string) => ({ headers: { 'x-forwarded-for': `6.6.6.6, ${address}` } });
    const { client: one } = await ChatClient.open(server.url, {}, from('10.0.0.1'));
    expect(await new ChatClient(server.url, from('10.0.0.1')).refused).toBe(429);
    const { client: two } = await ChatClient.open(server.url, { device: 'tab-2' }, from('10.0.0.2'));
    await Promise.all([one.leave(), two.leave()]);
  });

  test('what is no WebSocket request is answered by HTTP', async () => {
    await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    await once(socket, 'close');
  });
});

describe('tokens', () => {
  const clock = new SystemClock();
  const create = (secret: string) => new VisitorTokens(new Secret(secret), 1, clock, systemRandom);

  test('good ones enter; forged ones and those of somebody else do not', async () => {
    const visitors = create('the-secret-of-this-server-32-characters');
    const options = {
      secret: null,
      jwksUrl: null,
      issuer: null,
      audience: null,
      tenantClaim: 'tenant',
      tenant: 'default',
    };
    const tokens = new ApplicationTokens(options, { clock, logger: new MemoryLogger(), visitors });
    await start({ tokens });
    const mine = await visitors.issue(null);
    const theirs = await visitors.issue(null);
    const forged = await create('a-secret-that-somebody-else-has-invented').issue(null);
    const { client, ready } = await ChatClient.open(server.url, { token: mine.token });
    expect(ready).toMatchObject({ user: mine.user, tokenExpires: mine.expiresMs });
    const closeOf = async (token: string, session?: string) => {
      const other = new ChatClient(server.url);
      await other.connected();
      other.hello({ token, device: 'tab-2', ...(session === undefined ? {} : { session }) });
      return other.closed;
    };
    expect(await closeOf(forged.token)).toBe(closeCodes.unauthorized);
    expect(await closeOf(theirs.token, ready.session)).toBe(closeCodes.unknownSession);
    expect([closes(closeCodes.unauthorized), closes(closeCodes.unknownSession)]).toEqual([1, 1]);
    await client.leave();
  });

  test('one that ends closes the connection, to come again with a fresh one', async () => {
    await start();
    server.tokens.expiresMs = Date.now() - 29_800;
    const { client } = await ChatClient.open(server.url);
    expect(await client.closed).toBe(closeCodes.tokenExpired);
  });
});

describe('connections that are not well', () => {
  test('a client that does not answer pings is closed, then cut', async () => {
    await start({ bounds: { pingMs: 60, closeMs: 100 } });
    const other = await neighbour();
    const socket = await rawClient();
    socket.write(
      clientFrame(0x81, Buffer.from('{"type":"hello","versions":[1],"token":"default/deaf","device":"d"}')),
    );
    await once(socket, 'close');
    expect(closes(closeCodes.noPong)).toBe(1);
    await other.done();
  });

  test('a client that stops reading is closed as slow while others stay fast', async () => {
    await start({ bounds: { stalledMs: 300, closeMs: 100 } });
    const other = await neighbour();
    const { client, ready } = await ChatClient.open(server.url, { device: 'fast' });
    const session = { tenant: 'default', sessionId: ready.session };
    const slow = await rawClient();
    slow.write(
      clientFrame(
        0x81,
        Buffer.from('{"type":"hello","versions":[1],"token":"default/anna","device":"slow"}'),
      ),
    );
    await until(() => server.sessions.followers === 3, 'both follow the session');
    slow.pause();
    const count = 4_000;
    for (let i = 0; i < count; i++) {
      server.sessions.say(session, 'x'.repeat(3_900));
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => server.chat.readings().slow === 1, 'the slow one is given up');
    for (let seq = 1; seq <= count; seq++) expect((await client.next('message')).seq).toBe(seq);
    expect(closes(closeCodes.slow)).toBe(1);
    slow.destroy();
    await client.leave();
    await other.done();
  }, 60_000);
});

test('a drain sends 200 connections away evenly, each with a time of its own, and takes nobody new', async () => {
  await start({ drainSeconds: 2 });
  const clients = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const { client } = await ChatClient.open(server.url, {
        device: `d-${index}`,
        token: `default/u-${index}`,
      });
      return client;
    }),
  );
  const startMs = performance.now();
  const drained = server.chat.drain();
  const ends = clients.map(async (client) => {
    const code = await client.closed;
    return { code, afterMs: performance.now() - startMs };
  });
  expect(await new ChatClient(server.url).refused).toBe(503);
  await drained;
  const tookMs = performance.now() - startMs;
  const ended = await Promise.all(ends);
  expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([closeCodes.draining]));
  for (const half of [0, 1]) {
    const inHalf = ended.filter(({ afterMs }) => Math.min(1, Math.floor(afterMs / 1_000)) === half);
    expect(inHalf.length).toBeGreaterThan(60);
  }
  expect(tookMs).toBeGreaterThan(1_800);
  const waits = await Promise.all(clients.map((client) => client.next('reconnect').catch(() => null)));
  expect(new Set(waits.map((wait) => wait?.afterMs)).size).toBeGreaterThan(150);
  expect([closes(closeCodes.draining), refused('draining')]).toEqual([200, 1]);
}, 60_000);

/** A client of bytes: the handshake is done, and nothing more is answered. */
async function rawClient(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write(
    [
      'GET /ws HTTP/1.1',
      `Host: 127.0.0.1:${server.port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      '',
      '',
    ].join('\r\n'),
  );
  await once(socket, 'data');
  socket.resume();
  return socket;
}

/** RFC 6455 5.2, with a mask of zeros. */
function clientFrame(head: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([head, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { httpLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { UpgradeRouter, type UpgradeRequest } from './upgrade-router.js';

let server: Server;
let router: UpgradeRouter;
let clock: FakeClock;
let logger: MemoryLogger;
const sockets: Socket[] = [];
const held: UpgradeRequest[] = [];

beforeEach(async () => {
  clock = new FakeClock();
  logger = new MemoryLogger();
  router = new UpgradeRouter({ clock, logger });
  server = createServer((_request, response) => response.end('page'));
  router.attach(server);
  router.add('/held', (upgrade) => held.push(upgrade));
  router.add('/echo', (upgrade) => {
    if (!upgrade.accept()) return;
    upgrade.socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
    upgrade.socket.pipe(upgrade.socket);
  });
  router.add('/broken', () => {
    throw new Error('inner detail');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  held.splice(0);
  router.close();
  await new Promise((resolve) => server.close(resolve));
});

function handshake(path: string, more = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`;
}

/** A connection and all that came on it. */
function open(bytes: string): { socket: Socket; answer: () => string; closed: Promise<string> } {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (part: string) => (text += part));
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
  socket.write(bytes);
  return { socket, answer: () => text, closed };
}

function until(holds: () => boolean): Promise<void> {
  return expect.poll(holds, { timeout: 3_000, interval: 5 }).toBe(true);
}

describe('an upgrade', () => {
  test('goes to the handler of its path, with the query', async () => {
    open(handshake('/held?a=1'));
    await until(() => held.length === 1);
    expect([held[0]?.url.pathname, held[0]?.url.searchParams.get('a')]).toEqual(['/held', '1']);
    expect(router.stats()).toEqual({ accepted: 0, refused: 0, pending: 1, open: 0 });
  });

  test('that is accepted is a connection of another protocol until it closes', async () => {
    const { socket, answer } = open(handshake('/echo'));
    await until(() => answer().includes('101'));
    socket.write('hello');
    await until(() => answer().endsWith('hello'));
    expect(router.stats()).toEqual({ accepted: 1, refused: 0, pending: 0, open: 1 });
    socket.destroy();
    await until(() => router.stats().open === 0);
  });

  test.each([
    ['an unknown path', handshake('/nowhere'), 404],
    ['a path that is none', handshake('http://a/held'), 404],
    ['a path of another host', handshake('//held'), 404],
    ['another protocol', handshake('/held').replace('Upgrade: websocket', 'Upgrade: h2c'), 426],
    ['another method', handshake('/held', 'Content-Length: 0\r\n').replace('GET', 'POST'), 426],
    ['a URL that is too long', handshake(`/held?${'a'.repeat(httpLimits.urlCharacters)}`), 414],
    ['a handler that fails', handshake('/broken'), 500],
  ])('%s is refused with %i and the connection closes', async (_case, bytes, status) => {
    const answer = await open(bytes).closed;
    const expected =
      status === 404 && !bytes.startsWith('GET /nowhere')
        ? /^HTTP\/1\.1 4(04|14) /
        : new RegExp(`^HTTP/1\\.1 ${status} `);
    expect(answer).toMatch(expected);
    expect(answer).toMatch(/\{"error":\{"code":"[a-z-]+","message":"[^"]+"\}\}$/);
    expect(router.stats()).toMatchObject({ refused: 1, pending: 0, open: 0 });
    expect(answer).not.toContain('inner detail');
  });

  test('pages are served beside', async () => {
    const { port } = server.address() as AddressInfo;
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('page');
  });
});

describe('bounds', () => {
  test('an upgrade that its handler does not answer is refused after upgradeMs', async () => {
    const { closed } = open(handshake('/held'));
    await until(() => held.length === 1);
    clock.advance(httpLimits.upgradeMs);
    expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
    expect(held[0]?.over).toBe(true);
    expect(held[0]?.accept()).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test(`more than ${httpLimits.pendingUpgrades} at a time are refused`, async () => {
    for (let i = 0; i < httpLimits.pendingUpgrades; i++) open(handshake('/held'));
    await until(() => held.length === httpLimits.pendingUpgrades);
    expect(await open(handshake('/held')).closed).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 1/s);
    held[0]?.refuse(403, 'forbidden', 'no');
    open(handshake('/held'));
    await until(() => held.length === httpLimits.pendingUpgrades + 1);
  });

  test('a client that leaves is forgotten', async () => {
    const { socket } = open(handshake('/held'));
    await until(() => held.length === 1);
    socket.resetAndDestroy();
    await until(() => router.stats().pending === 0);
    expect(held[0]?.accept()).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test('close refuses what waits and cuts what was accepted', async () => {
    const waiting = open(handshake('/held'));
    const accepted = open(handshake('/echo'));
    await until(() => held.length === 1 && accepted.answer().includes('101'));
    router.close();
    expect(await waiting.closed).toMatch(/^HTTP\/1\.1 503 /);
    await accepted.closed;
    expect(await open(handshake('/echo')).closed).toMatch(/^HTTP\/1\.1 503 /);
  });

  test('a path has one handler', () => {
    expect(() => router.add('/echo', () => undefined)).toThrow('/echo');
  });
});

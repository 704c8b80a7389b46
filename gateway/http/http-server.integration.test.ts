import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { SystemClock } from '../../config/clock.js';
import { gatewayLimits, httpLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { Secret } from '../../config/secret.js';
import { HttpServer } from './http-server.js';
import type { HttpServerOptions, Routes } from './http-server.js';
import { operationsRoutes } from './operations-routes.js';
import { Readiness } from './readiness.js';
import type { ReadinessCheck } from './readiness.js';
import type { StatusBody } from './status.js';

const key = 'integration-key-0123';
const opened: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
});

const echo: Routes = (app) => {
  app.post('/echo', (request) => ({ got: request.body }));
  app.get('/things/:id', (request) => request.params);
  app.get('/broken', () => {
    throw new Error('inner detail');
  });
};

async function start(options: Partial<HttpServerOptions> = {}, checks: readonly ReadinessCheck[] = []) {
  const clock = new SystemClock();
  const logger = new MemoryLogger();
  const readiness = new Readiness(clock, checks);
  const operations = operationsRoutes({
    clock,
    readiness,
    metrics: { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('parley_calls 3\n') },
    status: () => ({
      version: '9.9.9',
      listeners: [{ protocol: 'sip', transport: 'udp', address: '127.0.0.1', ports: '5060' }],
      engines: [],
      trees: [],
      chat: null,
      live: [{ label: 'Calls', value: 3, most: 500 }],
    }),
  });
  const server = new HttpServer(
    { address: '127.0.0.1', port: 0, maxConnections: 50, apiKeys: [], ...options },
    { clock, logger },
    [operations, echo],
  );
  opened.push(server);
  await server.start();
  return { server, logger, readiness, url: `http://127.0.0.1:${server.port}` };
}

test('a wave of connections waits to be accepted, and nobody has to try again', async () => {
  const { server } = await start({ maxConnections: 5_000 });
  const startMs = performance.now();
  // Begun in one turn of the loop, so that none of them is accepted meanwhile.
  const sockets = Array.from({ length: 1_500 }, () => connect(server.port, '127.0.0.1'));
  const waits = sockets.map(
    (socket) =>
      new Promise<number>((resolve, reject) => {
        socket.once('error', reject);
        socket.once('connect', () => resolve(performance.now() - startMs));
      }),
  );
  const longestMs = Math.max(...(await Promise.all(waits)));
  for (const socket of sockets) socket.destroy();
  // A dropped first packet is sent again after a second (RFC 6298 2.1).
  expect(longestMs).toBeLessThan(1_000);
});

async function errorOf(response: Response): Promise<{ code: string; message: string }> {
  const body = (await response.json()) as { error: { code: string; message: string } };
  return body.error;
}

/** Sends bytes as they are and gives everything that comes back until the server closes. */
function raw(port: number, bytes: string, keepOpen = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => (answer += text));
    socket.on('close', () => resolve(answer));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(answer) : reject(error),
    );
    if (keepOpen) socket.write(bytes);
    else socket.end(bytes);
  });
}

describe('what operators ask', () => {
  test('/healthz says that the process lives', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/healthz`);
    expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
  });

  test('/readyz is 200 with its checks, 503 when one fails, 503 while draining', async () => {
    let ok = true;
    const check = { name: 'model', check: () => Promise.resolve({ ok, detail: ok ? 'loaded' : 'missing' }) };
    const { url } = await start({}, [check]);
    const first = await fetch(`${url}/readyz`);
    expect(first.status).toBe(200);
    expect(await first.json()).toEqual({
      ready: true,
      draining: false,
      checks: [{ name: 'model', ok: true, detail: 'loaded' }],
    });
    ok = false;
    const other = await start({}, [check]);
    const failing = await fetch(`${other.url}/readyz`);
    expect(failing.status).toBe(503);
    expect(await failing.json()).toMatchObject({ ready: false, checks: [{ detail: 'missing' }] });
    ok = true;
    const third = await start({}, [check]);
    third.readiness.drain();
    expect((await fetch(`${third.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${third.url}/healthz`)).status).toBe(200);
  });

  test('/metrics is Prometheus text', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toBe('parley_calls 3\n');
  });

  test('/api/v1/status joins what the node knows', async () => {
    const { url } = await start();
    const body = (await (await fetch(`${url}/api/v1/status`)).json()) as StatusBody;
    expect(body).toMatchObject({
      name: 'Parley',
      version: '9.9.9',
      node: process.version,
      uptimeSeconds: 0,
      readiness: { ready: true, draining: false },
      listeners: [{ protocol: 'sip', ports: '5060' }],
      live: [{ label: 'Calls', value: 3 }],
    });
  });

  test('/ is a page that may load and send nothing elsewhere', async () => {
    const { url } = await start();
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*frame-ancestors 'none'/,
    );
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toMatch(/^<!doctype html>/);
  });
});

describe('API keys', () => {
  const cases: [path: string, open: boolean][] = [
    ['/healthz', true],
    ['/readyz', true],
    ['/', false],
    ['/metrics', false],
    ['/api/v1/status', false],
    ['/nothing', false],
  ];

  test.each(cases)('%s without a key is open: %s', async (path, open) => {
    const { url } = await start({ apiKeys: [new Secret(key)] });
    const response = await fetch(url + path);
    expect(response.status).toBe(open ? 200 : 401);
    if (open) return;
    expect(response.headers.get('www-authenticate')).toMatch(/Basic .*Bearer /);
    expect((await errorOf(response)).code).toBe('unauthorized');
  });

  test.each(cases)('%s with the key is answered', async (path) => {
    const { url } = await start({ apiKeys: [new Secret(key)] });
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${key}` } });
    expect(response.status).toBe(path === '/nothing' ? 404 : 200);
  });

  test('a refused request does not have its body read', async () => {
    const { url } = await start({ apiKeys: [new Secret(key)] });
    const response = await fetch(`${url}/echo`, {
      method: 'POST',
      body: 'x'.repeat(gatewayLimits.httpBodyBytes * 2),
    });
    expect(response.status).toBe(401);
  });
});

test('a key with scopes: routes that name none are not for it, unknown paths and methods are told as ever', async () => {
  const named = { name: 'crm', key: new Secret(key), tenant: null, requestsPer10s: null };
  const { url } = await start({ keys: [{ ...named, scopes: ['operations:read'] }] });
  const ask = (path: string, method = 'GET') =>
    fetch(url + path, { method, headers: { authorization: `Bearer ${key}` } });
  expect((await ask('/metrics')).status).toBe(200);
  const refused = await ask('/things/1');
  expect([refused.status, (await errorOf(refused)).code]).toEqual([403, 'forbidden']);
  expect([(await ask('/nothing')).status, (await ask('/things/1', 'PUT')).status]).toEqual([404, 405]);
});

test('a part of a path has a bound', async () => {
  const { url } = await start();
  const ask = async (length: number) => (await fetch(`${url}/things/${'x'.repeat(length)}`)).status;
  expect([await ask(httpLimits.paramCharacters), await ask(httpLimits.paramCharacters + 1)]).toEqual([
    200, 400,
  ]);
});

describe('errors are JSON with a code', () => {
  const cases: [method: string, path: string, init: RequestInit, status: number, code: string][] = [
    ['GET', '/nothing', {}, 404, 'not-found'],
    ['DELETE', '/metrics', {}, 405, 'method-not-allowed'],
    ['POST', '/things/7', {}, 405, 'method-not-allowed'],
    ['GET', '/echo', {}, 405, 'method-not-allowed'],
    ['POST', '/echo', { body: '{"a":', headers: { 'content-type': 'application/json' } }, 400, 'bad-request'],
    ['POST', '/echo', { body: 'x', headers: { 'content-type': 'image/png' } }, 415, 'unsupported-media-type'],
    ['POST', '/echo', { body: 'x'.repeat(gatewayLimits.httpBodyBytes + 1) }, 413, 'body-too-large'],
    ['GET', `/healthz?${'x'.repeat(httpLimits.urlCharacters)}`, {}, 414, 'url-too-long'],
    ['GET', '/%zz', {}, 400, 'bad-request'],
    ['GET', '/broken', {}, 500, 'internal'],
  ];
  test.each(cases.map((one) => [`${one[0]} ${one[1].slice(0, 20)}: ${one[3]} ${one[4]}`, one] as const))(
    '%s',
    async (_, one) => {
      const [method, path, init, status, code] = one;
      const { url } = await start();
      const response = await fetch(url + path, { method, ...init });
      expect(response.status).toBe(status);
      expect((await errorOf(response)).code).toBe(code);
    },
  );

  test('405 says which methods are possible (RFC 9110 15.5.6)', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/things/7`, { method: 'PUT' });
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD']);
  });

  test('a failing handler tells the log what happened, and the client nothing', async () => {
    const { url, logger } = await start();
    expect((await errorOf(await fetch(`${url}/broken`))).message).not.toContain('inner detail');
    const line = logger.lines.find((one) => one.message === 'http handler failed');
    expect(line).toMatchObject({ level: 'error', fields: { route: '/broken' } });
    expect(String(line?.fields.err)).toContain('inner detail');
  });
});

describe('bytes that are no request', () => {
  test.each([
    ['garbage', 'INVITE sip:bot SIP/2.0\r\n\r\n', 400, 'bad-request'],
    [
      'header fields over the bound',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(httpLimits.headerBytes)}\r\n\r\n`,
      431,
      'headers-too-large',
    ],
  ])('%s: answered and closed', async (_, bytes, status, code) => {
    const { server } = await start();
    const answer = await raw(server.port, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(`"code":"${code}"`);
  });

  test('a client that never finishes its header is cut off', { timeout: 30_000 }, async () => {
    const { server } = await start();
    const from = Date.now();
    const answer = await raw(server.port, 'GET / HTTP/1.1\r\nHost: a\r\n', true);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(Date.now() - from).toBeLessThan(httpLimits.headersMs + 5_000);
  });
});

test('connections over the bound are closed', async () => {
  const { server } = await start({ maxConnections: 2 });
  const held = [connect(server.port, '127.0.0.1'), connect(server.port, '127.0.0.1')];
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  expect(await raw(server.port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('');
  for (const socket of held) socket.destroy();
});

test('a port in use rejects the start', async () => {
  const { server } = await start();
  await expect(start({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('close ends idle connections, frees the port and may be called twice', async () => {
  const { server, url } = await start();
  await fetch(`${url}/healthz`);
  const { port } = server;
  await Promise.all([server.close(), server.close()]);
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  await start({ port });
});

import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { projectPath } from '../../config/paths.js';
import type { CallOutcome, CallSpec } from '../../dialog/action.js';
import { LocalServices } from './testing/local-services.js';

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

function portOf(server: TcpServer): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on loopback that writes down what it was asked. */
async function serve(answer: (seen: Seen, response: ServerResponse, count: number) => void) {
  const seen: Seen[] = [];
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body };
      seen.push(one);
      answer(one, response, seen.length);
    });
  };
  const server: Server = createServer(listener);
  server.on('connection', () => connections++);
  const port = await portOf(server);
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, seen, connections: () => connections, url: `http://127.0.0.1:${port}` };
}

function use(entry: Record<string, unknown>, ...more: [] | [ConstructorParameters<typeof LocalServices>[1]]) {
  const local = new LocalServices({ shop: entry }, ...more);
  closers.push(() => local.services.close());
  return local;
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(typeof value === 'string' ? value : JSON.stringify(value));
}

const post = (path: string): Pick<CallSpec, 'operation'> => ({
  operation: { type: 'http', method: 'POST', path },
});
const get = (path: string): Pick<CallSpec, 'operation'> => ({
  operation: { type: 'http', method: 'GET', path },
});
const failureOf = (outcome: CallOutcome): string => (outcome.ok ? 'ok' : outcome.failure);

describe('a request', () => {
  test('carries input, the operator’s headers and its idempotency key below the base URL', async () => {
    const server = await serve((_seen, response) => json(response, { id: 7 }));
    const local = use({ url: `${server.url}/v1`, headers: { 'X-Token': 'secret-token' } });
    expect(await local.call({ ...post('/orders'), input: { sku: '茶' } })).toEqual({
      ok: true,
      value: { id: 7 },
    });
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        url: '/v1/orders',
        body: '{"sku":"茶"}',
        headers: {
          'x-token': 'secret-token',
          'idempotency-key': 's1/call-1',
          'accept-encoding': 'identity',
          'content-type': 'application/json',
        },
      },
    ]);
    await local.call({ ...get('/orders/7'), input: { full: true } });
    expect(server.seen[1]).toMatchObject({ url: '/v1/orders/7?full=true' });
    expect(server.seen[1]?.headers['idempotency-key']).toBeUndefined();
    expect(server.connections()).toBe(1);
  });

  test('leaves neither input nor answer nor credentials in the log', async () => {
    const server = await serve((_seen, response, count) =>
      json(response, '{"private":"answer"}', count === 1 ? 200 : 500),
    );
    const local = use({ url: server.url, headers: { 'X-Token': 'secret-token' } });
    for (let i = 0; i < 2; i++) await local.call({ ...get('/private-path'), input: { q: 'private' } });
    expect(local.logger.lines.map(({ message }) => message)).toEqual([
      'service called',
      'service call failed',
    ]);
    expect(JSON.stringify(local.logger.lines)).not.toMatch(/private|secret/);
    expect(local.results).toEqual([
      ['shop', 'ok'],
      ['shop', 'status'],
    ]);
  });

  test('on a kept connection that the far end has closed is sent again when its method allows', async () => {
    let requests = 0;
    const server = createTcpServer((socket) => {
      let served = false;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        requests++;
        if (served) return void socket.resetAndDestroy();
        served = true;
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1');
      });
    });
    const port = await portOf(server);
    closers.push(() => server.close());
    const local = use({ url: `http://127.0.0.1:${port}` });
    expect(await local.call(get('/'))).toEqual({ ok: true, value: 1 });
    expect(await local.call(get('/'))).toEqual({ ok: true, value: 1 });
    expect(requests).toBe(3);
    await local.call(get('/'));
    expect(failureOf(await local.call(post('/')))).toBe('unreachable');
  });
});

describe('an answer', () => {
  const deep = '['.repeat(5_000) + ']'.repeat(5_000);
  const many = `[${'1,'.repeat(20_000)}1]`;
  test.each<[string, CallOutcome | string, (response: ServerResponse) => void]>([
    ['of 204', { ok: true, value: null }, (response) => void response.writeHead(204).end()],
    ['that is empty', { ok: true, value: null }, (response) => void response.writeHead(200).end()],
    [
      'of a +json type',
      { ok: true, value: [1] },
      (response) => void response.writeHead(200, { 'content-type': 'application/hal+json' }).end('[1]'),
    ],
    ['that is no JSON', 'garbage', (response) => json(response, '{"a":')],
    ['of NaN', 'garbage', (response) => json(response, 'NaN')],
    ['with an overflowing number', 'garbage', (response) => json(response, '{"a":1e999}')],
    ['that is nested deeply', 'garbage', (response) => json(response, deep)],
    ['of very many values', 'garbage', (response) => json(response, many)],
    [
      'that is HTML',
      'garbage',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    ],
    [
      'that is not UTF-8',
      'garbage',
      (response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(Buffer.from([0x22, 0xff, 0xfe, 0x22])),
    ],
    [
      'that is compressed',
      'garbage',
      (response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end('x'),
    ],
    ['of 404', 'status', (response) => json(response, {}, 404)],
    [
      'with huge headers',
      'unreachable',
      (response) => void response.writeHead(200, { x: 'a'.repeat(60_000) }).end(),
    ],
  ])('%s', async (_case, expected, answer) => {
    const server = await serve((_seen, response) => answer(response));
    const outcome = await use({ url: server.url }).call(get('/'));
    if (typeof expected === 'string') expect(failureOf(outcome)).toBe(expected);
    else expect(outcome).toEqual(expected);
  });

  test.each([true, false])('of 10 MB is cut off at the bound (length announced: %s)', async (announced) => {
    const body = Buffer.alloc(10_000_000, 0x20);
    let written = 0;
    const server = await serve((_seen, response) => {
      const headers = {
        'content-type': 'application/json',
        ...(announced ? { 'content-length': body.length } : {}),
      };
      response.writeHead(200, headers);
      response.on('close', () => (written = response.socket?.bytesWritten ?? written));
      response.on('error', () => undefined);
      response.end(body);
    });
    const outcome = await use({ url: server.url, maxResponseBytes: 1_000 }).call(get('/'));
    expect(outcome).toMatchObject({ ok: false, failure: 'garbage' });
    expect(written).toBeLessThan(body.length);
  });
});

describe('a service that hangs', () => {
  test.each<[string, (response: ServerResponse) => void]>([
    ['before its headers', () => undefined],
    [
      'in the middle of its body',
      (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"a":'),
    ],
  ])('%s is given up at the deadline', async (_case, answer) => {
    const server = await serve((_seen, response) => answer(response));
    const startedAtMs = performance.now();
    expect(failureOf(await use({ url: server.url }).call({ ...get('/'), timeoutMs: 150 }))).toBe('timeout');
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  });

  test('is left when the caller hangs up: its connection closes', async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const caller = new AbortController();
    const server = await serve((_seen, response) => {
      response.on('close', () => closed());
      caller.abort();
    });
    const local = use({ url: server.url });
    await local.call({ ...get('/'), timeoutMs: 60_000 }, caller.signal);
    await gone;
    expect(local.results).toEqual([['shop', 'left']]);
  });

  test('costs its own callers only', async () => {
    const hanging = await serve(() => undefined);
    const quick = await serve((_seen, response) => json(response, 'quick'.length));
    const local = new LocalServices({
      slow: { url: hanging.url, maxConcurrent: 5, circuit: { failures: 100 } },
      shop: { url: quick.url },
    });
    closers.push(() => local.services.close());
    const stuck = Array.from({ length: 50 }, () => local.call({ service: 'slow', timeoutMs: 600 }));
    const startedAtMs = performance.now();
    const served = await Promise.all(Array.from({ length: 50 }, () => local.call({ service: 'shop' })));
    expect(performance.now() - startedAtMs).toBeLessThan(500);
    // Before the first deadline: each place that is given back afterwards may bring another request.
    expect(hanging.seen).toHaveLength(5);
    expect(new Set(served.map(failureOf))).toEqual(new Set(['ok']));
    expect(new Set((await Promise.all(stuck)).map(failureOf))).toEqual(new Set(['timeout']));
  });
});

describe('addresses', () => {
  test('loopback is refused unless the operator allows it, by name and by number', async () => {
    const server = await serve((_seen, response) => json(response, 1));
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1']) {
      const local = use({ url: `http://${host}:${server.port}`, allowPrivate: [] });
      expect(failureOf(await local.call(get('/')))).toBe('refused');
    }
    expect(server.connections()).toBe(0);
  });

  test('a name that resolves to a private address is refused', async () => {
    const server = await serve((_seen, response) => json(response, 1));
    const local = use({ url: `http://shop.test:${server.port}`, allowPrivate: [] }, () =>
      Promise.resolve([{ address: '127.0.0.1', family: 4 as const }]),
    );
    expect(await local.call(get('/'))).toMatchObject({ failure: 'refused' });
    expect(server.connections()).toBe(0);
  });

  test('the connection goes to the address that was checked, and Host keeps the name', async () => {
    const server = await serve((_seen, response) => json(response, 1));
    let lookups = 0;
    const local = use({ url: `http://shop.test:${server.port}` }, () => {
      lookups++;
      return Promise.resolve([{ address: '127.0.0.1', family: 4 as const }]);
    });
    expect(await local.call(get('/'))).toEqual({ ok: true, value: 1 });
    expect(server.seen[0]?.headers.host).toBe(`shop.test:${server.port}`);
    expect(lookups).toBe(1);
  });

  test('a port where nobody listens is unreachable', async () => {
    const local = use({ url: 'http://127.0.0.1:1' });
    expect(await local.call(get('/'))).toMatchObject({ failure: 'unreachable' });
  });

  test('a certificate that nobody vouches for is refused', async () => {
    const file = (name: string) => readFileSync(projectPath(`gateway/services/testdata/${name}`));
    const options = { key: file('untrusted-key.pem'), cert: file('untrusted-cert.pem') };
    let requests = 0;
    const server = createSecureServer(options, (_request, response) => {
      requests++;
      json(response, 1);
    });
    const port = await portOf(server);
    closers.push(() => server.close());
    expect(await use({ url: `https://127.0.0.1:${port}` }).call(get('/'))).toMatchObject({
      failure: 'unreachable',
      message: expect.stringContaining('SELF_SIGNED') as string,
    });
    expect(requests).toBe(0);
  });
});

describe('redirects', () => {
  const to = (location: string) => (_seen: Seen, response: ServerResponse) =>
    void response.writeHead(302, { location }).end();

  test('are not followed unless the operator wants it', async () => {
    const server = await serve(to('/elsewhere'));
    expect(await use({ url: server.url }).call(get('/'))).toMatchObject({ failure: 'status', status: 302 });
    expect(server.seen).toHaveLength(1);
  });

  test.each([
    ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
    ['http://127.0.0.2:1/', '127.0.0.2:1'],
  ])('to %s are refused even when the host is allowed, for its address is not', async (location, host) => {
    const server = await serve(to(location));
    for (const allowHosts of [[], [host]]) {
      const local = use({ url: server.url, redirects: 3, allowHosts, allowPrivate: ['127.0.0.1'] });
      expect(failureOf(await local.call(get('/')))).toBe('refused');
    }
  });

  test('to a listed host get no credentials', async () => {
    const other = await serve((_seen, response) => json(response, 'moved'.length));
    const server = await serve(to(`${other.url}/new`));
    const headers = { Authorization: 'Bearer secret', 'X-Token': 'secret' };
    const local = use({ url: server.url, redirects: 1, allowHosts: [`127.0.0.1:${other.port}`], headers });
    expect(await local.call(get('/'))).toEqual({ ok: true, value: 5 });
    expect(server.seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-token': 'secret' });
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
    expect(other.seen[0]?.headers['x-token']).toBeUndefined();
  });

  test('in a circle end', async () => {
    const server = await serve(to('/again'));
    expect(await use({ url: server.url, redirects: 3 }).call(get('/'))).toMatchObject({ failure: 'status' });
    expect(server.seen).toHaveLength(4);
  });
});

describe('another attempt', () => {
  test('has the same idempotency key and comes after Retry-After', async () => {
    const server = await serve((_seen, response, count) => {
      if (count > 1) json(response, { done: true });
      else response.writeHead(503, { 'retry-after': '1' }).end();
    });
    const startedAtMs = performance.now();
    const local = use({ url: server.url });
    const outcome = await local.call({ ...post('/pay'), retries: 1, timeoutMs: 5_000 });
    expect(outcome).toEqual({ ok: true, value: { done: true } });
    expect(performance.now() - startedAtMs).toBeGreaterThan(990);
    expect(server.seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['s1/call-1', 's1/call-1']);
  });

  test('is not made for a status that retryOn does not list', async () => {
    const server = await serve((_seen, response) => json(response, {}, 500));
    await use({ url: server.url }).call({ ...post('/pay'), retries: 3 });
    expect(server.seen).toHaveLength(1);
  });
});

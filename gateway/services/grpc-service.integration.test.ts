import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterEach, describe, expect, test } from 'vitest';

import { projectPath } from '../../config/paths.js';
import type { CallSpec } from '../../dialog/action.js';
import { loadGrpcMethods, ProtoError } from './grpc-methods.js';
import { LocalServices } from './testing/local-services.js';

const protoFile = projectPath('gateway/services/testdata/stock.proto');
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

type Call = ServerUnaryCall<Record<string, unknown>, object>;
type Reply = sendUnaryData<object>;

/** A gRPC server on loopback that writes down what it was asked. */
async function serve(answer: (call: Call, reply: Reply, count: number) => void) {
  const seen: { request: Record<string, unknown>; metadata: Record<string, unknown>; call: Call }[] = [];
  const definition = loadSync(protoFile, { keepCase: true })['stock.v1.Stock'];
  if (!definition || 'format' in definition) throw new Error('the proto file of this test has no service');
  const server = new Server();
  server.addService(definition, {
    Find: (call: Call, reply: Reply) => {
      seen.push({ request: call.request, metadata: call.metadata.getMap(), call });
      answer(call, reply, seen.length);
    },
    Watch: () => undefined,
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (err, bound) =>
      err ? reject(err) : resolve(bound),
    ),
  );
  closers.push(() => server.forceShutdown());
  return { port, seen };
}

function use(port: number, more: Record<string, unknown> = {}, host = '127.0.0.1') {
  const entry = { type: 'grpc', url: `http://${host}:${port}`, protoFile, ...more };
  const local = new LocalServices({ stock: entry }, () =>
    Promise.resolve([{ address: '127.0.0.1', family: 4 as const }]),
  );
  closers.push(() => local.services.close());
  return local;
}

const find = (more: Partial<CallSpec> = {}): Partial<CallSpec> => ({
  service: 'stock',
  operation: { type: 'grpc', method: 'stock.v1.Stock/Find' },
  input: { sku: 'tea', quantity: 2 },
  ...more,
});

describe('a unary call', () => {
  test('carries input, metadata and idempotency key; its answer is plain values, defaults included', async () => {
    const level = { sku: 'tea', state: 'AVAILABLE', count: '9007199254740993', per_place: { a: 1 } };
    const server = await serve((_call, reply) => reply(null, level));
    const local = use(server.port, { headers: { 'X-Token': 'secret-token' } }, 'stock.test');
    expect(await local.call(find())).toEqual({
      ok: true,
      value: { sku: 'tea', state: 'AVAILABLE', count: '9007199254740993', places: [], per_place: { a: 1 } },
    });
    expect(server.seen[0]?.request).toMatchObject({ sku: 'tea' });
    expect(server.seen[0]?.metadata).toMatchObject({
      'x-token': 'secret-token',
      'idempotency-key': 's1/call-1',
    });
  });

  test.each([
    [status.UNAVAILABLE, 'unreachable'],
    [status.DEADLINE_EXCEEDED, 'timeout'],
    [status.RESOURCE_EXHAUSTED, 'status'],
    [status.INVALID_ARGUMENT, 'status'],
    [status.NOT_FOUND, 'status'],
    [status.PERMISSION_DENIED, 'status'],
    [status.INTERNAL, 'status'],
  ])(
    'that is answered with status %i is a failure "%s", without what the service says',
    async (code, failure) => {
      const server = await serve((_call, reply) => reply({ code, details: 'private details' }));
      const outcome = await use(server.port).call(find());
      expect(outcome).toMatchObject({ ok: false, failure, status: code });
      expect(JSON.stringify(outcome)).not.toContain('private');
    },
  );

  test('that is answered UNAVAILABLE is made again with the same key', async () => {
    const server = await serve((_call, reply, count) =>
      count === 1 ? reply({ code: status.UNAVAILABLE }) : reply(null, { sku: 'tea' }),
    );
    expect(await use(server.port).call(find({ retries: 1 }))).toMatchObject({ ok: true });
    expect(server.seen.map(({ metadata }) => metadata['idempotency-key'])).toEqual([
      's1/call-1',
      's1/call-1',
    ]);
  });

  test('that hangs is given up at the deadline, and the service is told', async () => {
    const server = await serve(() => undefined);
    const cancelled = new Promise<void>((resolve) => {
      const poll = (): void => {
        const call = server.seen[0]?.call;
        if (call) call.on('cancelled', resolve);
        else setImmediate(poll);
      };
      poll();
    });
    expect(await use(server.port).call(find({ timeoutMs: 200 }))).toMatchObject({ failure: 'timeout' });
    await cancelled;
  });

  test('ends when the caller hangs up', async () => {
    const caller = new AbortController();
    const server = await serve(() => caller.abort());
    const local = use(server.port);
    await local.call(find({ timeoutMs: 60_000 }), caller.signal);
    expect(local.results).toEqual([['stock', 'left']]);
  });

  test.each<[string, object]>([
    ['larger than its bound', { sku: 'x'.repeat(5_000) }],
    ['of too many values', { places: Array.from({ length: 12_000 }, () => '') }],
  ])('whose answer is %s is garbage', async (_case, level) => {
    const server = await serve((_call, reply) => reply(null, level));
    const maxResponseBytes = 'sku' in level ? 1_000 : 65_536;
    expect(await use(server.port, { maxResponseBytes }).call(find())).toMatchObject({ failure: 'garbage' });
  });
});

describe('refused before anything is sent', () => {
  test.each<[string, Partial<CallSpec>]>([
    ['a method that the proto file lacks', { operation: { type: 'grpc', method: 'stock.v1.Stock/Fnd' } }],
    ['a streaming method', { operation: { type: 'grpc', method: 'stock.v1.Stock/Watch' } }],
    ['a method of Object', { operation: { type: 'grpc', method: 'toString' } }],
    ['an HTTP operation', { operation: { type: 'http', method: 'GET', path: '/' } }],
    ['a field that the message lacks', { input: { skuu: 'tea' } }],
    ['a map for text', { input: { sku: { a: 1 } } }],
    ['words for a number', { input: { quantity: 'two' } }],
  ])('%s', async (_case, more) => {
    const server = await serve((_call, reply) => reply(null, {}));
    expect(await use(server.port).call(find(more))).toMatchObject({ ok: false, failure: 'refused' });
    expect(server.seen).toEqual([]);
  });

  test('an address that is not allowed', async () => {
    const server = await serve((_call, reply) => reply(null, {}));
    for (const host of ['127.0.0.1', 'stock.test'])
      expect(await use(server.port, { allowPrivate: [] }, host).call(find())).toMatchObject({
        failure: 'refused',
      });
    expect(server.seen).toEqual([]);
  });
});

test('a port where nobody listens is unreachable', async () => {
  expect(await use(1).call(find({ timeoutMs: 3_000 }))).toMatchObject({ failure: 'unreachable' });
});

test('a proxy of the environment is not used', async () => {
  const before = process.env['http_proxy'];
  process.env['http_proxy'] = 'http://127.0.0.1:1';
  closers.push(() => {
    if (before === undefined) delete process.env['http_proxy'];
    else process.env['http_proxy'] = before;
  });
  const server = await serve((_call, reply) => reply(null, { sku: 'tea' }));
  expect(await use(server.port).call(find())).toMatchObject({ ok: true });
});

test.each([
  ['does not exist', 'gateway/services/testdata/none.proto'],
  ['is no proto file', 'package.json'],
])('a proto file that %s is told with its path', (_case, file) => {
  expect(() => loadGrpcMethods(projectPath(file))).toThrow(ProtoError);
  expect(() => loadGrpcMethods(projectPath(file))).toThrow(projectPath(file));
});

test('only unary methods of a proto file can be called', () => {
  expect([...loadGrpcMethods(protoFile).keys()]).toEqual(['stock.v1.Stock/Find']);
});

import { afterEach, describe, expect, test } from 'vitest';

import { MemorySessionLog } from '../../adapters/database/memory-session-log.js';
import { SystemClock } from '../../config/clock.js';
import { apiLimits, chatLimits, dialogLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import { apiScopes } from '../../config/sections/operation.js';
import type { SessionLog } from '../ports/session-log.js';
import { ApiKit, namedKey, type KitOptions, type Told } from './testing/api-kit.js';

const opened: ApiKit[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((kit) => kit.close()));
});

async function start(options: KitOptions = {}, log: SessionLog = memory()): Promise<ApiKit> {
  const kit = new ApiKit(log, options);
  opened.push(kit);
  return kit.start();
}

function memory(): MemorySessionLog {
  return new MemorySessionLog(new SystemClock(), new SeededRandom(3));
}

const codeOf = ({ body }: Told): string => (body['error'] as { code: string }).code;
const fieldOf = ({ body }: Told): string | undefined => (body['error'] as { field?: string }).field;
const messagesOf = ({ body }: Told) =>
  body['messages'] as { seq: number; author: string; sender: string; id: string | null; body: object }[];

describe('sessions', () => {
  test('are opened once for a user, read, listed and ended', async () => {
    const kit = await start();
    const made = await kit.ask('POST', '/api/v1/sessions', { body: { user: '王小明', tree: 'desk' } });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ user: '王小明', tenant: 'default', ingress: 'chat', tree: 'desk' });
    const again = await kit.ask('POST', '/api/v1/sessions', { body: { user: '王小明' } });
    expect([again.status, again.body['id']]).toEqual([200, made.body['id']]);
    const path = `/api/v1/sessions/${String(made.body['id'])}`;
    await kit.chat.submit(
      { tenant: 'default', sessionId: String(made.body['id']) },
      { author: 'user', senderId: '王小明', clientId: 'c1', body: { type: 'text', text: 'hi' } },
    );
    await kit.chat.mark({ tenant: 'default', sessionId: String(made.body['id']) }, 'web.1', { read: 1 });
    expect((await kit.ask('GET', path)).body).toMatchObject({
      state: 'open',
      lastSeq: 1,
      endedAt: null,
      owner: null,
      marks: { 'web.1': { delivered: 0, read: 1 } },
    });
    const ended = await kit.ask('POST', `${path}/end`, { body: { text: 'Good bye.' } });
    expect(ended).toMatchObject({ status: 200, body: { state: 'ended', lastSeq: 2 } });
    for (const method of ['POST', 'DELETE'])
      expect(await kit.ask(method, `${path}/end`)).toMatchObject({ status: 200, body: { lastSeq: 2 } });
    const other = await kit.open('王小明');
    const list = await kit.ask('GET', `/api/v1/sessions?user=${encodeURIComponent('王小明')}&state=ended`);
    expect(list.body).toMatchObject({ sessions: [{ id: made.body['id'] }], next: null });
    expect((await kit.ask('GET', '/api/v1/sessions')).body).toMatchObject({
      sessions: [{ id: other }, { id: made.body['id'] }],
    });
  });

  test('are read page by page', async () => {
    const kit = await start();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift(await kit.open(`u${i}`));
    const seen: string[] = [];
    for (let before = ''; ;) {
      const { body } = await kit.ask('GET', `/api/v1/sessions?limit=2${before}`);
      seen.push(...(body['sessions'] as { id: string }[]).map(({ id }) => id));
      const next = body['next'] as string | null;
      if (next === null) break;
      before = `&before=${next}`;
    }
    expect(seen).toEqual(ids);
  });

  test('that are unknown are 404, whatever is asked of them', async () => {
    const kit = await start();
    const text = { text: 'x' };
    for (const [method, path, body] of [
      ['GET', '/api/v1/sessions/none', undefined],
      ['POST', '/api/v1/sessions/none/end', undefined],
      ['DELETE', '/api/v1/sessions/none/end', undefined],
      ['GET', '/api/v1/sessions/none/messages', undefined],
      ['POST', '/api/v1/sessions/none/messages', text],
    ] as const) {
      const told = await kit.ask(method, path, body ? { body } : {});
      expect([told.status, codeOf(told)]).toEqual([404, 'not-found']);
    }
  });
});

describe('messages', () => {
  test('are written as the system or an agent and read in order', async () => {
    const kit = await start();
    const id = await kit.open('u1');
    const path = `/api/v1/sessions/${id}/messages`;
    const quickReplies = [{ title: 'Yes', value: 'yes' }];
    const card = { title: 'Bill', text: '12 EUR', image: 'https://x.example/a.png', url: null, buttons: [] };
    expect(await kit.ask('POST', path, { body: { text: 'Your bill.', quickReplies, card } })).toMatchObject({
      status: 201,
      body: { session: id, seq: 1 },
    });
    await kit.ask('POST', path, { body: { text: 'I am Li.', author: 'agent', name: '李' } });
    await kit.ask('POST', path, { body: { text: 'third' } });
    expect((await kit.ask('GET', path)).body).toMatchObject({
      lastSeq: 3,
      messages: [
        {
          seq: 1,
          author: 'system',
          sender: 'all',
          id: null,
          body: { type: 'text', text: 'Your bill.', quickReplies, card },
        },
        { seq: 2, author: 'agent', sender: '李', body: { type: 'text', text: 'I am Li.' } },
        { seq: 3 },
      ],
    });
    const page = await kit.ask('GET', `${path}?after=1&limit=1`);
    expect(messagesOf(page).map(({ seq }) => seq)).toEqual([2]);
  });

  test('with an Idempotency-Key are written once; other content under it is 422', async () => {
    const kit = await start({
      keys: [namedKey('all', apiScopes), namedKey('crm', ['messages:write'])],
    });
    const id = await kit.open('u1');
    const path = `/api/v1/sessions/${id}/messages`;
    const headers = { 'idempotency-key': 'order-17' };
    const post = (text: string, key = 'all') => kit.ask('POST', path, { body: { text }, headers, key });
    const first = await post('once');
    const repeats = await Promise.all([post('once'), post('once')]);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    for (const repeat of repeats) {
      expect([repeat.status, repeat.body]).toEqual([201, first.body]);
      expect(repeat.headers.get('idempotent-replayed')).toBe('true');
    }
    const other = await post('twice');
    expect([other.status, codeOf(other), fieldOf(other)]).toEqual([
      422,
      'idempotency-conflict',
      'idempotency-key',
    ]);
    // The same text chosen by another key is another message.
    expect((await post('once', 'crm')).body).toMatchObject({ seq: 2 });
    const { messages } = (await kit.ask('GET', path)).body as { messages: { id: string }[] };
    expect(messages).toHaveLength(2);
    for (const message of messages) expect(message.id).toMatch(/^api\.[0-9a-f]{40}$/);
  });

  test('to a user go to the open session or a new one, and stay where they are when repeated', async () => {
    const kit = await start();
    const path = '/api/v1/users/u1/messages';
    const headers = { 'idempotency-key': 'k1' };
    const post = () => kit.ask('POST', path, { body: { text: 'hello' }, headers });
    const first = await post();
    expect(first.status).toBe(201);
    const id = String(first.body['session']);
    await kit.ask('POST', `/api/v1/sessions/${id}/end`);
    const repeat = await post();
    expect([repeat.status, repeat.body]).toEqual([201, first.body]);
    expect(repeat.headers.get('idempotent-replayed')).toBe('true');
    const next = await kit.ask('POST', path, { body: { text: 'hello' } });
    expect(next.body['session']).not.toBe(id);
    const third = await kit.ask('POST', path, {
      body: { text: 'again' },
      headers: { 'idempotency-key': 'k2' },
    });
    expect(third.body).toMatchObject({ session: next.body['session'], seq: 2 });
    const conflict = await kit.ask('POST', path, { body: { text: 'other' }, headers });
    expect(codeOf(conflict)).toBe('idempotency-conflict');
  });

  test('to an ended session are 409', async () => {
    const kit = await start();
    const id = await kit.open('u1');
    await kit.ask('DELETE', `/api/v1/sessions/${id}/end`);
    const told = await kit.ask('POST', `/api/v1/sessions/${id}/messages`, { body: { text: 'x' } });
    expect([told.status, codeOf(told)]).toEqual([409, 'ended']);
  });

  test('that are larger together than the log keeps are 413', async () => {
    const kit = await start();
    const id = await kit.open('u1');
    const button = { title: '按', value: '按'.repeat(chatLimits.textCharacters) };
    const quickReplies = Array.from({ length: dialogLimits.quickReplies }, () => button);
    const told = await kit.ask('POST', `/api/v1/sessions/${id}/messages`, {
      body: { text: 'x', quickReplies },
    });
    expect([told.status, codeOf(told)]).toEqual([413, 'body-too-large']);
  });
});

describe('what is not as the operation takes it is 400 and names the field', () => {
  const long = 'x'.repeat(chatLimits.textCharacters + 1);
  const reply = { title: 'a', value: 'b' };
  test.each([
    ['GET', '/api/v1/sessions?limit=0', undefined, 'limit'],
    ['GET', `/api/v1/sessions?limit=${apiLimits.mostSessionsPerPage + 1}`, undefined, 'limit'],
    ['GET', '/api/v1/sessions?limit=1&limit=2', undefined, 'limit'],
    ['GET', '/api/v1/sessions?limit=1e2', undefined, 'limit'],
    ['GET', '/api/v1/sessions?state=closed', undefined, 'state'],
    ['GET', '/api/v1/sessions?usr=x', undefined, 'usr'],
    ['GET', `/api/v1/sessions?user=${'x'.repeat(apiLimits.userCharacters + 1)}`, undefined, 'user'],
    ['GET', '/api/v1/sessions/x/messages?after=-1', undefined, 'after'],
    ['GET', `/api/v1/sessions/x/messages?limit=${apiLimits.mostMessagesPerPage + 1}`, undefined, 'limit'],
    ['GET', '/api/v1/users/a%00b/presence', undefined, 'user'],
    ['POST', '/api/v1/sessions', undefined, 'user'],
    ['POST', '/api/v1/sessions', { user: '' }, 'user'],
    ['POST', '/api/v1/sessions', { user: 'a\nb' }, 'user'],
    ['POST', '/api/v1/sessions', { user: 'u', tree: 'nowhere' }, 'tree'],
    ['POST', '/api/v1/sessions', { user: 'u', ingress: 'Web Chat' }, 'ingress'],
    ['POST', '/api/v1/sessions', { user: 'u', tenant: 'x' }, 'tenant'],
    ['POST', '/api/v1/sessions', [1], 'body'],
    ['POST', '/api/v1/sessions/x/messages', { text: '' }, 'text'],
    ['POST', '/api/v1/sessions/x/messages', { text: long }, 'text'],
    ['POST', '/api/v1/sessions/x/messages', { text: 'a\0b' }, 'text'],
    ['POST', '/api/v1/sessions/x/messages', { text: 'a\ud800b' }, 'text'],
    ['POST', '/api/v1/sessions/x/messages', { text: 'x', author: 'bot' }, 'author'],
    [
      'POST',
      '/api/v1/sessions/x/messages',
      { text: 'x', card: { title: 'a', image: 'http://x' } },
      'card.image',
    ],
    [
      'POST',
      '/api/v1/sessions/x/messages',
      { text: 'x', card: { title: 'a', url: 'javascript:1' } },
      'card.url',
    ],
    [
      'POST',
      '/api/v1/sessions/x/messages',
      { text: 'x', quickReplies: Array.from({ length: dialogLimits.quickReplies + 1 }, () => reply) },
      'quickReplies',
    ],
    [
      'POST',
      '/api/v1/sessions/x/messages',
      { text: 'x', card: { title: 'x'.repeat(apiLimits.titleCharacters + 1) } },
      'card.title',
    ],
    [
      'POST',
      '/api/v1/sessions/x/messages',
      { text: 'x', card: { title: 'a', url: `https://x.example/${'x'.repeat(apiLimits.urlCharacters)}` } },
      'card.url',
    ],
    ['POST', '/api/v1/users/u/messages', { text: 'x', tree: 'nowhere' }, 'tree'],
    ['POST', '/api/v1/sessions/x/end', { text: long }, 'text'],
  ])('%s %.60s %.60j: %s', async (method, path, body, field) => {
    const kit = await start();
    const told = await kit.ask(method, path, body === undefined ? {} : { body });
    expect([told.status, codeOf(told), fieldOf(told)]).toEqual([400, 'bad-request', field]);
  });

  test.each([['a b'], ['x'.repeat(apiLimits.idempotencyKeyCharacters + 1)], ['']])(
    'the Idempotency-Key "%s"',
    async (key) => {
      const kit = await start();
      const told = await kit.ask('POST', '/api/v1/users/u/messages', {
        body: { text: 'x' },
        headers: { 'idempotency-key': key },
      });
      expect([told.status, fieldOf(told)]).toEqual([400, 'idempotency-key']);
    },
  );

  test('broken JSON, and another type', async () => {
    const kit = await start();
    expect((await kit.ask('POST', '/api/v1/sessions', { body: '{"user":' })).status).toBe(400);
    const typed = await kit.raw('POST', '/api/v1/sessions', {
      body: 'user=u',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(typed.status).toBe(415);
  });
});

test('presence and nodes are what the router knows, and say when that may be old', async () => {
  const kit = await start();
  const route = { nodeId: 'n2', incarnation: 'b', connectionId: 'c', epoch: 4 };
  kit.routes.push({ ...route, device: 'web.laptop' }, { ...route, device: 'wechat' });
  kit.fresh = false;
  expect((await kit.ask('GET', '/api/v1/users/u1/presence')).body).toEqual({
    user: 'u1',
    fresh: false,
    devices: [
      { device: 'web.laptop', ingress: 'web', node: 'n2' },
      { device: 'wechat', ingress: 'wechat', node: 'n2' },
    ],
  });
  expect((await kit.ask('GET', '/api/v1/nodes')).body).toEqual({
    connected: true,
    nodes: [
      { id: 'n1', address: '10.0.0.1:8080', state: 'up', connections: 3, self: true },
      { id: 'n2', address: '', state: 'draining', connections: 0, self: false },
    ],
  });
});

describe('keys', () => {
  test.each(
    (
      [
        ['GET', '/api/v1/sessions', 'sessions:read'],
        ['GET', '/api/v1/sessions/x', 'sessions:read'],
        ['POST', '/api/v1/sessions', 'sessions:write'],
        ['POST', '/api/v1/sessions/x/end', 'sessions:write'],
        ['DELETE', '/api/v1/sessions/x/end', 'sessions:write'],
        ['GET', '/api/v1/sessions/x/messages', 'messages:read'],
        ['POST', '/api/v1/sessions/x/messages', 'messages:write'],
        ['POST', '/api/v1/users/x/messages', 'messages:write'],
        ['GET', '/api/v1/users/x/presence', 'presence:read'],
        ['GET', '/api/v1/nodes', 'operations:read'],
        ['GET', '/api/v1/status', 'operations:read'],
        ['GET', '/metrics', 'operations:read'],
        ['GET', '/api/v1/trees', 'trees:read'],
        ['POST', '/api/v1/trees/desk/rollback', 'trees:write'],
      ] as const
    ).map((one) => [`${one[0]} ${one[1]} needs ${one[2]}`, one] as const),
  )('%s', async (_name, [method, path, scope]) => {
    const others = apiScopes.filter((other) => other !== scope);
    const kit = await start({ keys: [namedKey('all', others), namedKey('one', [scope])] });
    const refused = await kit.raw(method, path);
    expect([refused.status, codeOf(refused)]).toEqual([403, 'forbidden']);
    expect(JSON.stringify(refused.body)).toContain(scope);
    const response = await fetch(kit.url + path, {
      method,
      headers: { authorization: 'Bearer one-secret-0123456789' },
    });
    expect([401, 403]).not.toContain(response.status);
  });

  test('of one tenant see nothing of another, and are not told that it is there', async () => {
    const kit = await start({
      keys: [
        namedKey('all', apiScopes),
        namedKey('shop', apiScopes, { tenant: 'shop' }),
        namedKey('bank', apiScopes, { tenant: 'bank' }),
      ],
    });
    const id = await kit.open('u1', { key: 'shop' });
    await kit.ask('POST', `/api/v1/sessions/${id}/messages`, { key: 'shop', body: { text: 'x' } });
    expect((await kit.ask('GET', `/api/v1/sessions/${id}`, { key: 'shop' })).body).toMatchObject({
      tenant: 'shop',
    });
    for (const headers of [{}, { 'parley-tenant': 'bank' }, { 'parley-tenant': 'shop' }])
      for (const [method, path, body] of [
        ['GET', `/api/v1/sessions/${id}`, undefined],
        ['GET', `/api/v1/sessions/${id}/messages`, undefined],
        ['POST', `/api/v1/sessions/${id}/messages`, { text: 'x' }],
        ['POST', `/api/v1/sessions/${id}/end`, undefined],
      ] as const) {
        const told = await kit.ask(method, path, { key: 'bank', headers, ...(body ? { body } : {}) });
        expect([told.status, codeOf(told)]).toEqual([404, 'not-found']);
      }
    const own = await kit.ask('GET', '/api/v1/sessions', { key: 'bank' });
    expect(own.body['sessions']).toEqual([]);
    // A key of every tenant says which.
    expect((await kit.ask('GET', `/api/v1/sessions/${id}`)).status).toBe(404);
    const named = { headers: { 'parley-tenant': 'shop' } };
    expect((await kit.ask('GET', `/api/v1/sessions/${id}`, named)).status).toBe(200);
    const odd = await kit.ask('GET', '/api/v1/sessions', { headers: { 'parley-tenant': 'a b' } });
    expect([odd.status, fieldOf(odd)]).toEqual([400, 'parley-tenant']);
  });

  test('over their rate are 429 with Retry-After; others go on', async () => {
    const kit = await start({
      requestsPer10s: 5,
      keys: [namedKey('all', apiScopes), namedKey('slow', apiScopes, { requestsPer10s: 2 })],
    });
    const statuses = async (key: string, count: number) => {
      const told: number[] = [];
      for (let i = 0; i < count; i++) told.push((await kit.ask('GET', '/api/v1/nodes', { key })).status);
      return told;
    };
    expect(await statuses('slow', 3)).toEqual([200, 200, 429]);
    const refused = await kit.ask('GET', '/api/v1/nodes', { key: 'slow' });
    expect([codeOf(refused), refused.headers.get('retry-after')]).toEqual(['rate', '5']);
    expect(await statuses('all', 6)).toEqual([200, 200, 200, 200, 200, 429]);
    kit.clock.advance(5_000);
    expect(await statuses('slow', 2)).toEqual([200, 429]);
  });

  test('without any, only this machine may read what people wrote', async () => {
    const kit = await start({ keys: [] });
    const ask = (headers: Record<string, string>) =>
      kit.raw('GET', '/api/v1/sessions', { key: null, headers });
    expect((await ask({})).status).toBe(200);
    expect((await ask({ origin: 'http://evil.example' })).status).toBe(403);
    expect((await kit.raw('GET', '/api/v1/trees', { key: null })).status).toBe(200);
  });

  test('never appear in what is logged or answered', async () => {
    const kit = await start();
    await kit.open('u1');
    await kit.raw('GET', '/api/v1/sessions', { key: 'wrong' });
    expect(JSON.stringify(kit.logger.lines)).not.toContain('secret-0123456789');
  });
});

test('while the log is away the answer is 503 with Retry-After, and nothing of the inside', async () => {
  const log = memory();
  const kit = await start({}, log);
  await log.close();
  for (const [method, path, body] of [
    ['GET', '/api/v1/sessions', undefined],
    ['POST', '/api/v1/sessions', { user: 'u' }],
    ['POST', '/api/v1/sessions/x/messages', { text: 'x' }],
    ['POST', '/api/v1/users/u/messages', { text: 'x' }],
  ] as const) {
    const told = await kit.ask(method, path, body ? { body } : {});
    expect([told.status, codeOf(told), told.headers.get('retry-after')]).toEqual([
      503,
      'unavailable',
      String(apiLimits.retryAfterSeconds),
    ]);
  }
});

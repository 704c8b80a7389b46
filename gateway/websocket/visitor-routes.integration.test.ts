import { afterEach, beforeEach, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { tokenLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { Secret } from '../../config/secret.js';
import { HttpServer } from '../http/http-server.js';
import { OriginRule } from './origin-rule.js';
import { TimerWheel } from './timer-wheel.js';
import { visitorRoutes, type VisitorBody } from './visitor-routes.js';
import { VisitorTokens } from './visitor-tokens.js';

const clock = new FakeClock();
const secret = new Secret('the-secret-of-visitors-with-32-characters');

let http: HttpServer;
let tokens: VisitorTokens;

beforeEach(async () => {
  const wheel = new TimerWheel(clock, 1_000);
  tokens = new VisitorTokens(secret, 2, clock, new SeededRandom(3));
  const routes = visitorRoutes(
    { perIpPerMinute: 3, trustProxies: 1, maxAddresses: 2 },
    { tokens, clock, wheel, origins: new OriginRule(['https://shop.example.com']) },
  );
  const options = {
    address: '127.0.0.1',
    port: 0,
    maxConnections: 10,
    apiKeys: [new Secret('a-key-of-sixteen')],
  };
  http = new HttpServer(options, { clock, logger: new MemoryLogger() }, [routes]);
  await http.start();
});

afterEach(() => http.close());

function ask(body?: unknown, headers: Record<string, string> = {}, method = 'POST'): Promise<Response> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  return fetch(`http://127.0.0.1:${http.port}/chat/visitor`, {
    method,
    ...json,
    headers: { ...type, ...headers },
  });
}

const read = async (response: Promise<Response>) => (await (await response).json()) as VisitorBody;

test('anybody gets a user of their own, and keeps it with an old token that is good', async () => {
  const first = await read(ask());
  const second = await read(ask({}));
  expect(second.user).not.toBe(first.user);
  expect(first.expires).toBe(clock.epochMs() + 7_200_000);
  clock.advance(3_600_000);
  const renewed = await read(ask({ token: first.token }));
  expect(renewed).toMatchObject({ user: first.user, expires: first.expires + 3_600_000 });
  expect(await tokens.check(renewed.token)).toEqual({ user: first.user, expiresMs: renewed.expires });
  clock.advance(4_000_000);
  expect((await read(ask({ token: first.token }))).user).not.toBe(first.user);
  expect((await read(ask({ token: 'forged' }))).user).not.toBe(first.user);
});

test.each([{ user: 'anna' }, { token: 1 }, { token: 'x'.repeat(5_000) }, []])(
  '%j is refused',
  async (body) => {
    expect((await ask(body)).status).toBe(400);
  },
);

test('a body that is too large is not read', async () => {
  expect((await ask({ token: 'x'.repeat(tokenLimits.visitorBodyBytes) })).status).toBe(413);
});

test('pages of other sites are refused unless they are named, and then may read the answer', async () => {
  const own = await ask(undefined, { origin: `http://127.0.0.1:${http.port}` });
  expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  const shop = { origin: 'https://shop.example.com' };
  const preflight = await ask(undefined, shop, 'OPTIONS');
  expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
    204,
    'content-type',
  ]);
  for (const response of [preflight, await ask({}, shop)])
    expect(response.headers.get('access-control-allow-origin')).toBe(shop.origin);
  for (const method of ['OPTIONS', 'POST']) {
    const evil = await ask(undefined, { origin: 'https://evil.example.com' }, method);
    expect([evil.status, evil.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  }
});

test('one address gets so many in a minute, and only so many addresses are remembered', async () => {
  const from = (address: string) => ask({}, { 'x-forwarded-for': address });
  for (let i = 0; i < 3; i++) expect((await from('10.0.0.1')).status).toBe(200);
  const refused = await from('10.0.0.1');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
  expect((await from('10.0.0.2')).status).toBe(200);
  expect((await from('10.0.0.3')).status).toBe(429);
  clock.advance(62_000);
  expect((await from('10.0.0.1')).status).toBe(200);
  clock.advance(130_000);
  expect(clock.pendingTimers).toBe(0);
});

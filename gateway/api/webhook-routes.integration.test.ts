import { afterEach, expect, test } from 'vitest';

import { MemorySessionLog } from '../../adapters/database/memory-session-log.js';
import { SystemClock } from '../../config/clock.js';
import { webhookLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { apiScopes } from '../../config/sections/operation.js';
import { hookConfig, hookSecret } from '../webhooks/testing/hook-config.js';
import { StrictReceiver } from '../webhooks/testing/strict-receiver.js';
import { WebhookDispatcher } from '../webhooks/webhook-dispatcher.js';
import { ApiKit, namedKey, type Told } from './testing/api-kit.js';
import { webhookRoutes } from './webhook-routes.js';

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The API with webhooks that are given up after one attempt. */
async function start() {
  const clock = new SystemClock();
  const log = new MemorySessionLog(clock, new SeededRandom(1));
  const receiver = await StrictReceiver.listen(hookSecret);
  closers.push(() => receiver.close());
  const once = { attempts: 1, timeoutMs: 500, events: ['session.opened', 'message.created'] };
  const hooks = [
    hookConfig('crm', receiver.url, once),
    hookConfig('shop-erp', receiver.url, { ...once, tenant: 'shop', events: ['session.ended'] }),
  ];
  const logger = new MemoryLogger();
  const dispatcher = new WebhookDispatcher({ hooks }, { log, clock, random: new SeededRandom(2), logger });
  closers.push(() => dispatcher.close());
  dispatcher.start();
  const kit = new ApiKit(log, {
    hooks,
    keys: [
      namedKey('all', apiScopes),
      namedKey('shop', apiScopes, { tenant: 'shop' }),
      namedKey('bank', apiScopes, { tenant: 'bank' }),
      namedKey('reader', ['webhooks:read']),
    ],
    routes: [webhookRoutes({ dispatcher, log, logger, defaultTenant: 'default' })],
  });
  closers.push(() => kit.close());
  await kit.start();
  const wake = (): void => dispatcher.wake([{ kind: 'webhook.crm' }]);
  return { dispatcher, kit, receiver, wake };
}

interface Failed {
  readonly id: number;
  readonly event: string;
  readonly seq: number | null;
  readonly [more: string]: unknown;
}
const failedOf = ({ body }: Told) => body['failed'] as Failed[];

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 10_000;
  while (!(await done())) {
    if (Date.now() > endMs) throw new Error('it did not come to it in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('what was given up is listed, and arrives when it is made again', async () => {
  const { kit, receiver, wake } = await start();
  receiver.behave = () => 500;
  const id = await kit.open('u1', { key: 'shop' });
  await kit.ask('POST', `/api/v1/sessions/${id}/messages`, { key: 'shop', body: { text: 'your bill' } });
  wake();
  const list = () => kit.ask('GET', '/api/v1/webhooks/crm/failed', { key: 'shop' });
  await until(async () => failedOf(await list()).length === 2);
  const failed = failedOf(await list());
  expect(failed.map(({ event, seq }) => [event, seq]).sort()).toEqual([
    ['message.created', 1],
    ['session.opened', null],
  ]);
  expect(failed[0]).toMatchObject({ session: id, error: 'answered 500', attempts: 1 });
  expect(JSON.stringify(failed)).not.toContain('your bill');
  expect(failed.map(({ delivery }) => delivery).sort()).toEqual([...receiver.ids].sort());
  expect(failedOf(await kit.ask('GET', '/api/v1/webhooks/crm/failed?limit=1', { key: 'shop' }))).toHaveLength(
    1,
  );

  // Another tenant neither sees nor revives it.
  expect(failedOf(await kit.ask('GET', '/api/v1/webhooks/crm/failed', { key: 'bank' }))).toEqual([]);
  const path = `/api/v1/webhooks/crm/failed/${failed[0]?.id}/retry`;
  expect((await kit.ask('POST', path, { key: 'bank' })).status).toBe(404);
  expect((await kit.ask('POST', path, { key: 'reader' })).status).toBe(403);

  receiver.behave = () => 200;
  for (const one of failed)
    expect(
      (await kit.ask('POST', `/api/v1/webhooks/crm/failed/${one.id}/retry`, { key: 'shop' })).body,
    ).toEqual({
      id: one.id,
    });
  await until(() => receiver.received.length === 4);
  expect(receiver.ids.size).toBe(2);
  expect(failedOf(await list())).toEqual([]);
  expect((await kit.ask('POST', path, { key: 'shop' })).status).toBe(404);
  expect(receiver.complaints).toEqual([]);
});

test('a test delivery says at once what it came to', async () => {
  const { kit, receiver } = await start();
  const good = await kit.ask('POST', '/api/v1/webhooks/crm/test', { headers: { 'parley-tenant': 'shop' } });
  expect(good.body).toMatchObject({ delivered: true, status: 204, reason: '' });
  expect(receiver.received).toMatchObject([
    { event: 'test', delivery: good.body['delivery'], body: { tenant: 'shop' } },
  ]);
  receiver.behave = () => 'hang';
  expect((await kit.ask('POST', '/api/v1/webhooks/crm/test')).body).toMatchObject({
    delivered: false,
    status: null,
    reason: 'no answer in time',
  });
  expect(receiver.complaints).toEqual([]);
});

test('hooks of another tenant are not there', async () => {
  const { kit } = await start();
  const names = async (key: string) => {
    const { body } = await kit.ask('GET', '/api/v1/webhooks', { key });
    return (body['webhooks'] as { name: string }[]).map(({ name }) => name);
  };
  expect([await names('shop'), await names('bank')]).toEqual([['crm', 'shop-erp'], ['crm']]);
  for (const [method, path] of [
    ['GET', '/api/v1/webhooks/shop-erp/failed'],
    ['POST', '/api/v1/webhooks/shop-erp/failed/1/retry'],
    ['POST', '/api/v1/webhooks/shop-erp/test'],
    ['POST', '/api/v1/webhooks/none/test'],
  ] as const)
    expect((await kit.ask(method, path, { key: 'bank' })).status).toBe(404);
  for (const path of [`failed?limit=${webhookLimits.failedPerPage + 1}`, 'failed?limit=0'])
    expect((await kit.ask('GET', `/api/v1/webhooks/crm/${path}`)).status).toBe(400);
  expect((await kit.ask('POST', '/api/v1/webhooks/crm/failed/x/retry')).status).toBe(400);
});

test('neither a hook’s URL nor its secret is told', async () => {
  const { kit, receiver } = await start();
  const told = JSON.stringify((await kit.ask('GET', '/api/v1/webhooks')).body);
  expect(told).not.toContain(hookSecret);
  expect(told).not.toContain(receiver.url);
});

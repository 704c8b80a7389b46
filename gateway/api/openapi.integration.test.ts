import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { MemorySessionLog } from '../../adapters/database/memory-session-log.js';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { WebhookDispatcher } from '../webhooks/webhook-dispatcher.js';
import { ApiKit } from './testing/api-kit.js';
import { webhookRoutes } from './webhook-routes.js';

/** Every route under /api/v1 that was registered, as OpenAPI writes it. */
const registered: string[] = [];
let kit: ApiKit;
let document: Record<string, Record<string, Record<string, unknown>>>;

beforeAll(async () => {
  const log = new MemorySessionLog(new SystemClock(), new SeededRandom(3));
  const deps = { clock: new SystemClock(), random: new SeededRandom(4), logger: new MemoryLogger() };
  const dispatcher = new WebhookDispatcher({ hooks: [] }, { log, ...deps });
  kit = new ApiKit(log, {
    routes: [webhookRoutes({ dispatcher, log, logger: deps.logger, defaultTenant: 'default' })],
    spy: (app) =>
      app.addHook('onRoute', ({ config, method, url }) => {
        if (!url.startsWith('/api/v1') || config?.anyKey === true) return;
        for (const one of [method].flat())
          if (one !== 'HEAD') registered.push(`${one} ${url.replace(/:([A-Za-z]+)/g, '{$1}')}`);
      }),
  });
  await kit.start();
  const told = await kit.ask('GET', '/api/v1/openapi.json');
  document = told.body as typeof document;
});
afterAll(() => kit.close());

test('is a valid OpenAPI 3.1 document, says an independent validator', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document));
  expect(result.errors ?? []).toEqual([]);
  expect([result.valid, validator.version]).toEqual([true, '3.1']);
});

test('describes every route under /api/v1, and no other', () => {
  const described = Object.entries(document['paths'] ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(registered.length).toBeGreaterThan(15);
  expect(described.filter((route) => !route.endsWith('/openapi.json')).sort()).toEqual(registered.sort());
});

test('has an operation id of its own for each, and a scope', () => {
  const operations = Object.values(document['paths'] ?? {}).flatMap((methods) =>
    Object.values(methods as Record<string, { operationId: string; security: { apiKey: string[] }[] }>),
  );
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { operationId, security } of operations)
    expect([operationId, security[0]?.apiKey.length]).toEqual([
      operationId,
      operationId === 'getOpenapi' ? 0 : 1,
    ]);
});

test('bounds and defaults are those that requests are checked by', () => {
  expect(document['paths']?.['/api/v1/sessions']?.['get']).toMatchObject({
    parameters: [
      { name: 'user', in: 'query', required: false },
      { name: 'state', schema: { enum: ['open', 'ended'] } },
      { name: 'before' },
      { name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } },
      { name: 'parley-tenant', in: 'header', required: false },
    ],
  });
});

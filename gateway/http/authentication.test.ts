import { describe, expect, test } from 'vitest';

import { Secret } from '../../config/secret.js';
import { ApiKeyGuard } from './authentication.js';

const guard = new ApiKeyGuard({
  apiKeys: [new Secret('first-key-0123456'), new Secret('second-key-012345')],
});
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('who may enter', () => {
  test.each([
    ['GET', 'Bearer first-key-0123456', true],
    ['GET', 'Bearer second-key-012345', true],
    ['POST', 'bearer first-key-0123456', true],
    ['GET', basic('anyone:first-key-0123456'), true],
    ['HEAD', basic(':second-key-012345'), true],
    ['GET', undefined, false],
    ['GET', '', false],
    ['GET', 'Bearer ', false],
    ['GET', 'Bearer first-key-012345', false],
    ['GET', 'Bearer first-key-01234567', false],
    ['GET', 'Bearer first-key-0123456 second', false],
    ['GET', 'first-key-0123456', false],
    ['GET', basic('first-key-0123456'), false],
    ['GET', basic('first-key-0123456:'), false],
    ['GET', 'Basic %%%', false],
    ['GET', `Bearer ${'x'.repeat(100_000)}`, false],
  ])('%s %s: %s', (method, authorization, allowed) => {
    expect(guard.identify(method, authorization) !== null).toBe(allowed);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '%s takes no Basic credentials, which a browser sends for other sites',
    (method) => {
      expect(guard.identify(method, basic('anyone:first-key-0123456'))).toBeNull();
    },
  );
});

test('without keys everyone may enter', () => {
  const open = new ApiKeyGuard({ apiKeys: [] });
  expect(open.required).toBe(false);
  expect(open.identify('POST', undefined)).toMatchObject({ name: 'api', tenant: null, scopes: null });
});

test('a named key tells who it is, what it may do and how often; keys without a name may do everything', () => {
  const keys = [
    {
      name: 'crm',
      key: new Secret('crm-key-01234567'),
      scopes: ['sessions:read' as const],
      tenant: 'shop',
      requestsPer10s: 2,
    },
    {
      name: 'erp',
      key: new Secret('erp-key-01234567'),
      scopes: ['trees:read' as const],
      tenant: null,
      requestsPer10s: null,
    },
  ];
  const mixed = new ApiKeyGuard({ apiKeys: [new Secret('full-key-0123456')], keys, requestsPer10s: 3 });
  const caller = (key: string) => mixed.identify('POST', `Bearer ${key}`);
  expect(caller('crm-key-01234567')).toMatchObject({
    name: 'crm',
    tenant: 'shop',
    scopes: new Set(['sessions:read']),
  });
  expect(caller('full-key-0123456')).toMatchObject({ name: 'api', tenant: null, scopes: null });
  expect(caller('crm-key-0123456')).toBeNull();
  const most = (key: string) =>
    [0, 0, 0, 0].map((now) => caller(key)?.rate.admit(now)).filter((waitMs) => waitMs === 0).length;
  expect([most('crm-key-01234567'), most('erp-key-01234567'), most('full-key-0123456')]).toEqual([2, 3, 3]);
});

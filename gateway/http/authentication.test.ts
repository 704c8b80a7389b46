import { describe, expect, test } from 'vitest';

import { Secret } from '../../config/secret.js';
import { ApiKeyGuard } from './authentication.js';

const guard = new ApiKeyGuard([new Secret('first-key-0123456'), new Secret('second-key-012345')]);
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
    expect(guard.allows(method, authorization)).toBe(allowed);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '%s takes no Basic credentials, which a browser sends for other sites',
    (method) => {
      expect(guard.allows(method, basic('anyone:first-key-0123456'))).toBe(false);
    },
  );
});

test('without keys everyone may enter', () => {
  const open = new ApiKeyGuard([]);
  expect(open.required).toBe(false);
  expect(open.allows('POST', undefined)).toBe(true);
});

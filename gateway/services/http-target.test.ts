import { describe, expect, test } from 'vitest';

import { serviceLimits } from '../../config/limits.js';
import { workOf } from '../../config/testing/work-meter.js';
import type { ValueMap } from '../../dialog/value.js';
import { toHttpTarget } from './http-target.js';

type Method = 'GET' | 'POST' | 'DELETE';

function target(path: string, input: ValueMap = {}, method: Method = 'GET', base = 'https://api.test/v1') {
  const operation = { type: 'http', method, path } as const;
  return toHttpTarget(new URL(base), { operation, input, idempotencyKey: 'k' });
}

function urlOf(...args: Parameters<typeof target>): string {
  const result = target(...args);
  return result.ok ? result.target.url.href : `refused: ${result.reason}`;
}

describe('a path is appended to the base', () => {
  test.each([
    ['/orders/1', 'https://api.test/v1', 'https://api.test/v1/orders/1'],
    ['/orders/1', 'https://api.test/v1/', 'https://api.test/v1/orders/1'],
    ['/', 'https://api.test', 'https://api.test/'],
    ['/a%20b/%E4%BD%A0', 'https://api.test', 'https://api.test/a%20b/%E4%BD%A0'],
    ['/orders?full=1', 'https://api.test', 'https://api.test/orders?full=1'],
    ['/v1..2/...', 'https://api.test', 'https://api.test/v1..2/...'],
  ])('%s to %s', (path, base, url) => expect(urlOf(path, {}, 'GET', base)).toBe(url));
});

describe('a path that would leave the base is refused', () => {
  test.each([
    '',
    'orders',
    '//evil.test/x',
    'https://evil.test/',
    '@evil.test/',
    '/../admin',
    '/a/..',
    '/a/./b',
    '/%2e%2e/admin',
    '/a/%2E%2e%2fadmin',
    '/..%2f..%2fadmin',
    '/..%5cadmin',
    '/%252e%252e%252fadmin',
    '/a\\..\\b',
    '/a#b',
    '/a b',
    '/a\r\nHost: evil.test',
    '/a%0d%0aX: y',
    '/a%00',
    '/a%zz',
    '/你好',
    `/${'a'.repeat(serviceLimits.urlCharacters)}`,
  ])('%j', (path) => expect(urlOf(path)).toMatch(/^refused: the path /));

  test.each(['%25', '/..', '%2e', '/', '.'])(
    'of twice as many %s is no more than twice the work to judge',
    (piece) => {
      const work = (times: number) => workOf(() => target(`/${piece.repeat(times)}`));
      expect(work(500)).toBeLessThan(2.1 * work(250));
    },
  );
});

describe('input', () => {
  test('is the query of GET and DELETE: lists repeat, null is left out, everything is encoded', () => {
    const input = { q: 'a&b=c #', ids: [1, 2], none: null, yes: true };
    const query = '?q=a%26b%3Dc+%23&ids=1&ids=2&yes=true';
    expect(urlOf('/s', input)).toBe(`https://api.test/v1/s${query}`);
    expect(urlOf('/s', input, 'DELETE')).toBe(`https://api.test/v1/s${query}`);
  });

  test.each([{ filter: { a: 1 } }, { filter: [[1]] }])('%j has no place in a query', (input) => {
    expect(urlOf('/s', input)).toMatch(/^refused: the input "filter"/);
  });

  test('is the JSON body of the others', () => {
    const result = target('/s', { name: '王', list: [1] }, 'POST');
    expect(result.ok && result.target.body?.toString()).toBe('{"name":"王","list":[1]}');
    expect(urlOf('/s', {}, 'POST')).toBe('https://api.test/v1/s');
  });

  test.each([
    ['GET', serviceLimits.urlCharacters],
    ['POST', serviceLimits.requestBytes],
  ] as const)('too large for %s is refused', (method, size) => {
    expect(urlOf('/s', { x: 'a'.repeat(size) }, method)).toMatch(/^refused: the (URL|input)/);
  });
});

test('a gRPC method of an HTTP service is refused', () => {
  const request = { operation: { type: 'grpc', method: 'a.B/C' } as const, input: {}, idempotencyKey: 'k' };
  expect(toHttpTarget(new URL('http://api.test'), request)).toMatchObject({ ok: false });
});

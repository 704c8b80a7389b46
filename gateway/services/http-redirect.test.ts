import { describe, expect, test } from 'vitest';

import { redirectTarget } from './http-redirect.js';
import { retryAfter } from './http-service.js';

const base = new URL('https://api.test/v1');

function follow(
  location: string | undefined,
  status = 302,
  method = 'GET',
  allowed: string[] = [],
  from = base,
) {
  const target = {
    method,
    url: new URL('/v1/orders', from),
    body: method === 'GET' ? null : Buffer.from('{}'),
  };
  const headers = location === undefined ? {} : { location };
  const result = redirectTarget(target, { statusCode: status, headers }, from, allowed);
  return result.ok ? `${result.target.method} ${result.target.url.href}` : `refused: ${result.reason}`;
}

describe('redirects', () => {
  test.each([
    ['/v2/orders', [], 'GET https://api.test/v2/orders'],
    ['https://api.test/x#part', [], 'GET https://api.test/x'],
    ['https://other.test/x', ['other.test'], 'GET https://other.test/x'],
    ['https://other.test:8443/x', ['other.test:8443'], 'GET https://other.test:8443/x'],
    ['https://other.test/x', ['other.test:443'], 'GET https://other.test/x'],
  ])('to %s with %j: %s', (location, allowed, expected) => {
    expect(follow(location, 302, 'GET', allowed)).toBe(expected);
  });

  test.each([
    ['https://other.test/x', []],
    ['//other.test/x', []],
    ['https://api.test:8443/', []],
    ['https://other.test:8443/x', ['other.test']],
    ['http://api.test/x', []],
    ['http://other.test/x', ['other.test']],
    ['file:///etc/passwd', []],
    ['https://user:secret@api.test/', []],
    ['http://[broken', []],
    [undefined, []],
  ])('to %s with %j are refused', (location, allowed) => {
    expect(follow(location, 302, 'GET', allowed)).toMatch(/^refused: /);
  });

  test('from http to https of the same host are its own', () => {
    expect(follow('https://api.test/x', 301, 'GET', [], new URL('http://api.test'))).toBe(
      'GET https://api.test/x',
    );
  });

  test.each([
    [307, 'POST https://api.test/x'],
    [308, 'POST https://api.test/x'],
    [303, 'GET https://api.test/x'],
  ])('%i of a POST: %s', (status, expected) => expect(follow('/x', status, 'POST')).toBe(expected));

  test.each([301, 302])('%i of a POST would lose its body and is refused', (status) => {
    expect(follow('/x', status, 'POST')).toMatch(/^refused: /);
  });
});

test.each([
  ['0', 0],
  ['3', 3_000],
  ['Wed, 21 Oct 2015 07:28:05 GMT', 5_000],
  ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
  ['soon', null],
  ['-1', null],
  ['9'.repeat(400), null],
  [undefined, null],
])('Retry-After %s is %s ms from then', (text, expected) => {
  const nowMs = Date.UTC(2015, 9, 21, 7, 28, 0);
  const actual = retryAfter(text, nowMs);
  expect(actual).toBe(expected);
});

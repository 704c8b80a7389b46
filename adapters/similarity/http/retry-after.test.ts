import { expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.js';

const now = Date.parse('2026-01-01T00:00:00Z');

it.each([
  [undefined, null],
  ['0', 0],
  ['120', 120_000],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', null],
  ['', null],
  ['-5x', null],
  ['99999999999999', null],
])('Retry-After %j is %j ms (RFC 9110 10.2.3)', (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});

import { expect, test } from 'vitest';

import { RequestRate } from './request-rate.js';

function admitted(rate: RequestRate, nowMs: number, tries: number): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (rate.admit(nowMs) === 0) count++;
  return count;
}

test.each([1, 3, 7, 500])('%i at once, and no more until some time has passed', (perTenSeconds) => {
  const rate = new RequestRate(perTenSeconds);
  expect(admitted(rate, 5_000, perTenSeconds + 20)).toBe(perTenSeconds);
  const waitMs = rate.admit(5_000);
  expect(waitMs).toBeCloseTo(10_000 / perTenSeconds, 1);
  expect(admitted(rate, 5_000 + waitMs / 2, 5)).toBe(0);
  expect(admitted(rate, 5_000 + waitMs + 0.01, 5)).toBe(1);
  expect(admitted(rate, 30_000, perTenSeconds * 2)).toBe(perTenSeconds);
});

test('in the long run it is so many in ten seconds, however often others are refused', () => {
  const rate = new RequestRate(20);
  let count = 0;
  for (let nowMs = 0; nowMs < 100_000; nowMs += 10) count += admitted(rate, nowMs, 3);
  expect(count).toBeGreaterThanOrEqual(218);
  expect(count).toBeLessThanOrEqual(220);
});

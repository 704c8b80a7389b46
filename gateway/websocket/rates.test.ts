import { describe, expect, test } from 'vitest';

import { SlidingWindow, TokenBucket } from './rates.js';

describe('SlidingWindow', () => {
  test('takes the limit in any window, exactly', () => {
    const window = new SlidingWindow(3, 10_000);
    expect([0, 100, 9_000].map((nowMs) => window.take(nowMs))).toEqual([0, 0, 0]);
    expect(window.take(9_500)).toBe(500);
    expect(window.take(10_000)).toBe(0);
    expect(window.take(10_050)).toBe(50);
    expect(window.take(10_100)).toBe(0);
    expect(window.take(18_999)).toBe(1);
    expect(window.take(19_000)).toBe(0);
  });

  test('is idle when nothing counts any more', () => {
    const window = new SlidingWindow(2, 10_000);
    expect(window.isIdle(0)).toBe(true);
    for (const nowMs of [0, 1, 10_005]) window.take(nowMs);
    expect(window.isIdle(20_004)).toBe(false);
    expect(window.isIdle(20_005)).toBe(true);
  });
});

describe('TokenBucket', () => {
  test('gives the limit at once, then as fast as it is refilled', () => {
    const bucket = new TokenBucket(10, 10_000, 0);
    for (let i = 0; i < 10; i++) expect(bucket.take(0)).toBe(true);
    expect(bucket.take(0)).toBe(false);
    expect(bucket.waitMs).toBe(1_000);
    expect(bucket.take(1_000)).toBe(true);
    expect(bucket.take(1_500)).toBe(false);
  });

  test('never refuses a client that keeps the bound in every window', () => {
    const bucket = new TokenBucket(5, 10_000, 0);
    for (let round = 0; round < 50; round++)
      for (let i = 0; i < 5; i++) expect(bucket.take(round * 10_001)).toBe(true);
  });
});

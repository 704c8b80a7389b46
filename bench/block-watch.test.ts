import { expect, test } from 'vitest';

import { FakeClock } from '../config/clock.js';
import { BlockWatch, mainThreadProcessorMs } from './block-watch.js';

test('keeps the longest wait and the longest work, which need not be of one block', () => {
  const clock = new FakeClock();
  let processorMs: number | null = 100;
  const watch = new BlockWatch(clock, () => processorMs);
  const block = (wallMs: number, workMs: number): void => {
    processorMs = (processorMs ?? 0) + workMs;
    clock.advance(wallMs);
  };
  block(1, 1);
  block(1, 9);
  block(1, 2);
  expect(watch.stop()).toEqual({ wallMs: 1, processorMs: 9 });
  expect(clock.pendingTimers).toBe(0);
});

test('the last block counts, and a system that does not tell the work', () => {
  const clock = new FakeClock();
  const watch = new BlockWatch(clock, () => null);
  clock.advance(0.5);
  expect(watch.stop()).toEqual({ wallMs: 0.5, processorMs: null });
});

test('the work of this thread is told on Linux, and elsewhere that it is not known', () => {
  if (process.platform === 'linux') expect(mainThreadProcessorMs()).toBeGreaterThan(0);
  else expect(mainThreadProcessorMs()).toBeNull();
});

import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { TimerWheel } from './timer-wheel.js';

function create(): {
  clock: FakeClock;
  wheel: TimerWheel;
  fired: string[];
  after: (ms: number, name: string) => () => void;
} {
  const clock = new FakeClock(12_345);
  const wheel = new TimerWheel(clock, 1_000);
  const fired: string[] = [];
  const after = (ms: number, name: string) => {
    const timer = wheel.after(ms, () => fired.push(name));
    return () => timer.cancel();
  };
  return { clock, wheel, fired, after };
}

test.each([0, 1, 999, 1_000, 10_500, 512_000, 3_600_000])(
  '%i ms: never early, and at most two ticks late',
  (delayMs) => {
    const { after, clock, fired, wheel } = create();
    clock.advance(377);
    after(delayMs, 'a');
    clock.advance(Math.max(0, delayMs - 1));
    expect(fired).toEqual([]);
    clock.advance(2_001);
    expect(fired).toEqual(['a']);
    expect([wheel.size, clock.pendingTimers]).toEqual([0, 0]);
  },
);

test('one timer of the clock serves all, and none when nothing waits', () => {
  const { after, clock, wheel } = create();
  const cancels = Array.from({ length: 2_000 }, (_, i) => after(i * 10, String(i)));
  expect([wheel.size, clock.pendingTimers]).toEqual([2_000, 1]);
  for (const cancel of cancels) cancel();
  for (const cancel of cancels) cancel();
  expect([wheel.size, clock.pendingTimers]).toEqual([0, 0]);
});

test('it starts again after it was empty', () => {
  const { after, clock, fired } = create();
  after(1_000, 'a');
  clock.advance(100_000);
  after(1_000, 'b');
  clock.advance(2_000);
  expect(fired).toEqual(['a', 'b']);
});

describe('a call-back may', () => {
  test('set another timeout', () => {
    const { clock, fired, wheel } = create();
    wheel.after(1_000, () => wheel.after(1_000, () => fired.push('second')));
    clock.advance(4_000);
    expect(fired).toEqual(['second']);
  });

  test('cancel another one that is due as well', () => {
    const { after, clock, fired, wheel } = create();
    wheel.after(1_000, () => cancel());
    const cancel = after(1_000, 'b');
    clock.advance(3_000);
    expect(fired).toEqual([]);
  });
});

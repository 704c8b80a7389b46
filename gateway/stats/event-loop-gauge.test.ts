import { expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { EventLoopGauge } from './event-loop-gauge.js';
import type { DelayHistogram } from './event-loop-gauge.js';

class FakeHistogram implements DelayHistogram {
  enabled = false;
  valueMs = 0;

  enable(): boolean {
    return (this.enabled = true);
  }

  disable(): boolean {
    this.enabled = false;
    return true;
  }

  reset(): void {
    this.valueMs = 0;
  }

  percentile(): number {
    return this.valueMs * 1e6;
  }
}

test('a burst is seen at once, stays for its window and the next, and is then forgotten', () => {
  const clock = new FakeClock();
  const histogram = new FakeHistogram();
  const gauge = new EventLoopGauge(clock, histogram);
  expect(gauge.p99Ms()).toBe(0);
  gauge.start();
  histogram.valueMs = 60;
  expect(gauge.p99Ms()).toBe(50);
  clock.advance(5_000);
  expect(gauge.p99Ms()).toBe(50);
  clock.advance(5_000);
  expect(gauge.p99Ms()).toBe(0);
  gauge.close();
});

test('close stops the sampling and leaves no timer, and may be called twice', () => {
  const clock = new FakeClock();
  const histogram = new FakeHistogram();
  const gauge = new EventLoopGauge(clock, histogram);
  gauge.start();
  gauge.start();
  expect(clock.pendingTimers).toBe(1);
  expect(histogram.enabled).toBe(true);
  gauge.close();
  gauge.close();
  expect(clock.pendingTimers).toBe(0);
  expect(histogram.enabled).toBe(false);
});

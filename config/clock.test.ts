import { describe, expect, it } from 'vitest';
import { SystemClock } from './clock.js';

describe('SystemClock', () => {
  it('does not fire a timer at once whose delay is beyond what Node can count', async () => {
    // A peer's Session-Expires (RFC 4028 3) may be 2^32 - 1 seconds.
    let fired = false;
    const timer = new SystemClock().setTimer(() => (fired = true), (2 ** 32 - 1) * 1_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
    timer.cancel();
    expect(fired).toBe(false);
  });
});

import { performance } from 'node:perf_hooks';
import { SystemClock } from '../../config/clock.js';

/** Milliseconds that mean the same on every thread of this machine: Unix time that never jumps. */
export function absoluteNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** A worker's clock: every time it puts into a message is absolute. */
export class AbsoluteClock extends SystemClock {
  override nowMs(): number {
    return absoluteNowMs();
  }
}

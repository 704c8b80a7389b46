import { routingLimits } from '../../config/limits.js';
import type { Random } from '../../config/random.js';

/** How long to wait before attempt `attempt` (from 1): doubled each time up to a most, and varied by half. */
export function backOffMs(attempt: number, random: Random): number {
  const { retryFirstMs, retryMostMs } = routingLimits;
  const full = Math.min(retryMostMs, retryFirstMs * 2 ** Math.min(attempt - 1, 16));
  return full / 2 + random.integer(Math.ceil(full / 2));
}

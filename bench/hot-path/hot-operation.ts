import type { Operation } from '../operation-cost.js';

/** Something that runs for each packet, message or turn. */
export interface HotOperation {
  readonly name: string;
  readonly run: Operation;
  /** The least that could do it; null where nothing compares. */
  readonly baseline: Operation | null;
  /** Microseconds that it may take (design.md section 8). */
  readonly timeBarUs: number | null;
  /** Kilobytes of heap that 100,000 of it may take. */
  readonly allocationBarKb: number | null;
}

/** What runs for each packet leaves nothing to the collector: a byte a packet is the noise of the measurement. */
export const packetAllocationKb = 100;

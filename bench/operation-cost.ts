import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { median } from './statistics.js';

/** One thing that is done over and over; what it returns is used, so that the compiler cannot leave it out. */
export type Operation = () => unknown;

/** What an operation costs: medians over several batches. */
export interface OperationCost {
  readonly nanoseconds: number;
  /** Bytes that it leaves to the garbage collector. */
  readonly allocatedBytes: number;
}

const batches = 9;
const batchMs = 15;
/** Less than the young generation holds, so that nothing is collected while a batch is weighed. */
const weighedBytes = 1_048_576;
const mostWeighed = 100_000;

/** Where results go. */
const drain: { last: unknown } = { last: null };

function repeat(operation: Operation, count: number): number {
  const startMs = performance.now();
  for (let i = 0; i < count; i++) drain.last = operation();
  return performance.now() - startMs;
}

/** Runs an operation until the compiler knows it, then times and weighs it; about 0.3 s. */
export function measureOperation(operation: Operation): OperationCost {
  let count = 1;
  while (repeat(operation, count) < batchMs) count *= 2;
  const times = Array.from({ length: batches }, () => repeat(operation, count));
  return { nanoseconds: (median(times) * 1e6) / count, allocatedBytes: weigh(operation) };
}

function weigh(operation: Operation): number {
  const collect = collector();
  let count = 16;
  let bytes = grow(operation, count, collect);
  while (count < mostWeighed && bytes < weighedBytes / 4) {
    count = Math.min(mostWeighed, count * 4);
    bytes = grow(operation, count, collect);
  }
  const growth = Array.from({ length: batches }, () => grow(operation, count, collect));
  return Math.max(0, median(growth)) / count;
}

/** Growth of the heap in one batch that begins just after a collection. */
function grow(operation: Operation, count: number, collect: () => void): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  repeat(operation, count);
  return process.memoryUsage().heapUsed - before;
}

/** The collector, without having started Node with --expose-gc. */
export function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

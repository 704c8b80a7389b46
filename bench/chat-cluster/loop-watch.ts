import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Watches the event loop of the process that imports it (`node --import`). SIGUSR2 makes it tell the longest delay since
 * the last time: to the parent that forked it, else as a line of its log.
 */
const resolutionMs = 10;

/** `reading` counts from 1. */
export interface LoopReading {
  readonly level: number;
  readonly msg: typeof loopMessage;
  readonly reading: number;
  readonly longestMs: number;
}

export const loopMessage = 'event loop';

const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
histogram.enable();
let reading = 0;
process.on('SIGUSR2', () => {
  const longestMs = Math.max(0, histogram.max / 1e6 - resolutionMs);
  histogram.reset();
  const line: LoopReading = { level: 30, msg: loopMessage, reading: ++reading, longestMs };
  if (process.send) process.send(line);
  else process.stdout.write(`${JSON.stringify(line)}\n`);
});

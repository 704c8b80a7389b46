import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 5;

/**
 * Runs `work` and notes the longest time that this process' own event loop stood still meanwhile, in milliseconds: what
 * the client did not look at cannot be told from what the server did not send.
 */
export async function watchLoop<T>(work: () => Promise<T>): Promise<{ result: T; longestPauseMs: number }> {
  const monitor = monitorEventLoopDelay({ resolution: resolutionMs });
  monitor.enable();
  try {
    const result = await work();
    return { result, longestPauseMs: Math.max(0, monitor.max / 1e6 - resolutionMs) };
  } finally {
    monitor.disable();
  }
}

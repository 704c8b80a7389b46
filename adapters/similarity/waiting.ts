import { setMaxListeners } from 'node:events';

import type { Clock } from '../../config/clock.js';

/** Resolves after `delayMs`; rejects with the signal's reason when it aborts before. */
export function waitFor(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      timer.cancel();
      reject(signal.reason as Error);
    };
    const timer = clock.setTimer(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    }, delayMs);
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
}

/**
 * Runs `work` with a signal that aborts after `timeoutMs` (with `late`) or with `signal`, and rejects as soon as it
 * does, even when `work` does not heed it.
 */
export async function until<T>(
  clock: Clock,
  timeoutMs: number,
  late: Error,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const deadline = new AbortController();
  // One for each part of a batch is no leak.
  setMaxListeners(0, deadline.signal);
  const timer = clock.setTimer(() => deadline.abort(late), timeoutMs);
  const passOn = (): void => deadline.abort(signal.reason);
  signal.addEventListener('abort', passOn, { once: true });
  try {
    return await orAborted(work(deadline.signal), deadline.signal);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', passOn);
  }
}

/** What `work` resolves to; rejects with the signal's reason when that aborts before. Leaves no listener behind. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = (): void => undefined;
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason as Error);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

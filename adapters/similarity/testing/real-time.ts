import type { TimeKeeper } from '../../conformance/rule.js';

/** Time for fixtures whose other side is a real socket or thread. */
export const realTime: TimeKeeper = {
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  patienceMs: 5_000,
  quietMs: 30,
};

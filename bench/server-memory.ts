import type { ServerMemory } from './chat-echo-protocol.js';
import { collector } from './operation-cost.js';

/** Answers every message of the parent process with the memory of this one, and ends with it. */
export function tellMemory(): void {
  const collect = collector();
  process.on('message', () => {
    collect();
    const { external, heapUsed, rss } = process.memoryUsage();
    process.send?.({ rssBytes: rss, heapBytes: heapUsed + external } satisfies ServerMemory);
  });
  process.once('disconnect', () => process.exit(0));
}

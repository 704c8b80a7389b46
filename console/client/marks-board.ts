import type { Marks } from '../../gateway/websocket/protocol.js';
import { clientLimits } from './limits.js';

/** What every reader of the session has got and seen. */
export class MarksBoard {
  readonly #marks = new Map<string, Marks>();

  /** Marks only rise, in whatever order they come. False: it is one reader too many. */
  raise(reader: string, { delivered, read }: Marks): boolean {
    const known = this.#marks.get(reader);
    if (!known && this.#marks.size >= clientLimits.readers) return false;
    const raised = {
      delivered: Math.max(delivered, known?.delivered ?? 0),
      read: Math.max(read, known?.read ?? 0),
    };
    this.#marks.set(reader, raised);
    return true;
  }

  /** The furthest of all readers but this one. */
  furthestBut(user: string | null): Marks {
    let delivered = 0;
    let read = 0;
    for (const [reader, marks] of this.#marks) {
      if (reader === user) continue;
      delivered = Math.max(delivered, marks.delivered, marks.read);
      read = Math.max(read, marks.read);
    }
    return { delivered, read };
  }

  clear(): void {
    this.#marks.clear();
  }
}

import type { Marks } from '../../gateway/websocket/protocol.js';
import { clientLimits } from './limits.js';

/** What every reader of the session has got and seen. */
export class MarksBoard {
  readonly #marks = new Map<string, Marks>();

  /** False: it is one reader too many. */
  set(reader: string, marks: Marks): boolean {
    if (!this.#marks.has(reader) && this.#marks.size >= clientLimits.readers) return false;
    this.#marks.set(reader, marks);
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

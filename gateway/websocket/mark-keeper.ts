import type { Marks } from './protocol.js';

export interface MarkKeeperDeps {
  write(marks: Partial<Marks>): Promise<void>;
  onFailed(err: unknown): void;
}

/** Marks of one reader: one write at a time, and of what comes meanwhile only the highest. */
export class MarkKeeper {
  readonly #deps: MarkKeeperDeps;
  #wanted: Marks = { delivered: 0, read: 0 };
  #kept: Marks = { delivered: 0, read: 0 };
  #writing = false;

  constructor(deps: MarkKeeperDeps) {
    this.#deps = deps;
  }

  /** What was read was delivered, too. */
  raise(delivered: number, read: number): void {
    this.#wanted = {
      delivered: Math.max(this.#wanted.delivered, delivered, read),
      read: Math.max(this.#wanted.read, read),
    };
    if (!this.#writing) void this.#write();
  }

  /** After a failure, the next `raise` tries again. */
  async #write(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#wanted.delivered > this.#kept.delivered || this.#wanted.read > this.#kept.read) {
        const marks = this.#wanted;
        await this.#deps.write({
          ...(marks.delivered > this.#kept.delivered ? { delivered: marks.delivered } : {}),
          ...(marks.read > this.#kept.read ? { read: marks.read } : {}),
        });
        this.#kept = marks;
      }
    } catch (err) {
      this.#deps.onFailed(err);
    } finally {
      this.#writing = false;
    }
  }
}

/** At most `most` readers, those who have read furthest where there are more. */
export function furthest(
  marks: ReadonlyMap<string, Marks>,
  most: number,
): readonly (readonly [reader: string, marks: Marks])[] {
  const all = [...marks];
  if (all.length <= most) return all;
  return all.sort(([, a], [, b]) => b.read - a.read || b.delivered - a.delivered).slice(0, most);
}

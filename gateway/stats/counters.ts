import { statsLimits } from '../../config/limits.js';

const rest = 'other';

/**
 * Counts by one label, cheap enough for a call on every message.
 *
 * Labels come from the network (method names), so that their number is bounded: once `labelsPerCounter` are known, new
 * ones are counted as `other`.
 */
export class LabelledCounter {
  readonly #counts = new Map<string, number>();

  increment(label: string, by = 1): void {
    const known = this.#counts.get(label);
    if (known !== undefined) this.#counts.set(label, known + by);
    else if (this.#counts.size < statsLimits.labelsPerCounter - 1) this.#counts.set(label, by);
    else this.#counts.set(rest, (this.#counts.get(rest) ?? 0) + by);
  }

  get(label: string): number {
    return this.#counts.get(label) ?? 0;
  }

  entries(): Iterable<readonly [label: string, count: number]> {
    return this.#counts.entries();
  }
}

import type { Clock } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';
import type { Route } from '../ports/router.js';

interface Entry {
  readonly routes: readonly Route[];
  readonly atMs: number;
}

/** Where users were found of late. The least recently used go first; old ones are kept for when the store is away. */
export class LookupCache {
  readonly #clock: Clock;
  /** In the order of use, oldest first. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Null unless it was looked up within `routingLimits.lookupFreshMs`. */
  fresh(key: string): readonly Route[] | null {
    const entry = this.#use(key);
    return entry && this.#clock.nowMs() - entry.atMs < routingLimits.lookupFreshMs ? entry.routes : null;
  }

  /** Null when nothing is known. */
  any(key: string): readonly Route[] | null {
    return this.#use(key)?.routes ?? null;
  }

  set(key: string, routes: readonly Route[]): void {
    this.#entries.delete(key);
    this.#entries.set(key, { routes, atMs: this.#clock.nowMs() });
    if (this.#entries.size <= routingLimits.lookups) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #use(key: string): Entry | null {
    const entry = this.#entries.get(key);
    if (!entry) return null;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }
}

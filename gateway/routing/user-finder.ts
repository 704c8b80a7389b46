import type { Route, UserKey } from '../ports/router.js';
import type { RoutingStore } from '../ports/routing-store.js';
import type { LookupCache } from './lookup-cache.js';
import type { Membership } from './membership.js';
import type { RoutingCounts } from './readings.js';

/** Where a user is, as the store says or said. Routes may be of dead nodes. */
export interface Found {
  readonly routes: readonly Route[];
  /** False: the store was not asked, or may not know yet. */
  readonly fresh: boolean;
}

/** Looks users up: in the cache, in the store, and in what the cache still holds while the store is away. */
export class UserFinder {
  readonly #store: RoutingStore;
  readonly #cache: LookupCache;
  readonly #members: Membership;
  readonly #counts: RoutingCounts;
  readonly #connected: () => boolean;
  readonly #running = new Map<string, Promise<Found>>();

  constructor(options: {
    readonly store: RoutingStore;
    readonly cache: LookupCache;
    readonly members: Membership;
    readonly counts: RoutingCounts;
    readonly connected: () => boolean;
  }) {
    this.#store = options.store;
    this.#cache = options.cache;
    this.#members = options.members;
    this.#counts = options.counts;
    this.#connected = options.connected;
  }

  /** What was found of late, without asking; null when the store has to be asked. */
  cached(key: string): Found | null {
    const routes = this.#cache.fresh(key);
    if (!routes) return null;
    this.#counts.lookupHits++;
    return { routes, fresh: true };
  }

  /** Never rejects. Those who ask for the same user at the same time share one look-up. */
  find(user: UserKey, key: string): Promise<Found> {
    const cached = this.cached(key);
    if (cached) return Promise.resolve(cached);
    return this.#running.get(key) ?? this.#track(user, key);
  }

  /** Asks the store whatever is known. Never rejects. */
  findAnew(user: UserKey, key: string): Promise<Found> {
    this.#cache.delete(key);
    return this.#ask(user, key);
  }

  #track(user: UserKey, key: string): Promise<Found> {
    const asked = this.#ask(user, key).finally(() => this.#running.delete(key));
    this.#running.set(key, asked);
    return asked;
  }

  async #ask(user: UserKey, key: string): Promise<Found> {
    if (!this.#connected()) return { routes: this.#cache.any(key) ?? [], fresh: false };
    this.#counts.lookups++;
    try {
      const routes = await this.#store.lookup(user);
      const unknown = routes.filter((route) => !this.#members.table.lives(route));
      if (unknown.length > 0) await this.#members.refresh(Math.max(...unknown.map(({ epoch }) => epoch)));
      this.#cache.set(key, routes);
      return { routes, fresh: !this.#members.settling };
    } catch {
      // The store says that it is away by itself (onDown); whoever asks is told by `fresh`.
      this.#counts.storeErrors++;
      return { routes: this.#cache.any(key) ?? [], fresh: false };
    }
  }
}

import type { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { UserKey } from '../ports/router.js';
import type { RoutingStore } from '../ports/routing-store.js';
import type { Json } from '../ports/session-log.js';
import { NodeRouter } from '../routing/router.js';

export const ann: UserKey = { tenant: 'acme', userId: 'ann' };
export const bob: UserKey = { tenant: 'acme', userId: 'bob' };

/** What one node of a fleet has received on topic `note`. */
export interface FleetNode<Store extends RoutingStore> {
  readonly router: NodeRouter;
  readonly store: Store;
  readonly notes: Json[];
  /** Users that `note` messages are handled for; others are not here. */
  readonly here: Set<string>;
}

/** Several routers in one process, on one clock that moves only when told. */
export class RouterFleet<Store extends RoutingStore> {
  readonly clock: FakeClock;
  readonly logger = new MemoryLogger();
  readonly #createStore: (clock: FakeClock) => Store;
  readonly #nodes: FleetNode<Store>[] = [];

  constructor(clock: FakeClock, createStore: () => Store) {
    this.clock = clock;
    this.#createStore = createStore;
  }

  /** Starts a node; it is connected when this resolves, if its store is. */
  async start(nodeId: string, incarnation = `${nodeId}-1`): Promise<FleetNode<Store>> {
    const store = this.#createStore(this.clock);
    const router = new NodeRouter({
      node: { nodeId, incarnation },
      address: `http://${nodeId}`,
      store,
      clock: this.clock,
      random: new SeededRandom(this.#nodes.length + 1),
      logger: this.logger,
      deadAfterMs: 10_000,
    });
    const node: FleetNode<Store> = { router, store, notes: [], here: new Set() };
    router.on('note', (payload, _from, user) => {
      if (user && !node.here.has(user.userId)) return false;
      node.notes.push(payload);
      return true;
    });
    this.#nodes.push(node);
    await this.settle();
    return node;
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets time pass in small steps. */
  async wait(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(Math.min(50, ms - passed));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.settle();
  }

  async close(): Promise<void> {
    const closing = this.#nodes.map(({ router }) => router.close());
    await this.settle();
    this.clock.advance(0);
    await Promise.all(closing);
  }
}

import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { systemRandom } from '../../config/random.js';
import type { RouteLease, UserKey } from '../ports/router.js';
import type { RoutingStore } from '../ports/routing-store.js';
import type { Json } from '../ports/session-log.js';
import { NodeRouter } from '../routing/router.js';
import { eventually } from './redis-server.js';

/** A router on the machine's clock, and what it has received on topic `note`. */
export interface RunningNode {
  readonly router: NodeRouter;
  readonly store: RoutingStore;
  readonly notes: Json[];
  /** Users whose device was lost. */
  readonly lost: string[];
  readonly leases: Map<string, RouteLease>;
}

/** A node is dead after this, so that tests are quick. */
export const deadAfterMs = 3_000;

/** Routers over real stores, all closed at the end. */
export class RedisFleet {
  readonly logger = new MemoryLogger();
  readonly #nodes: RunningNode[] = [];

  /** Starts a node and waits until it is connected. */
  async start(nodeId: string, store: RoutingStore): Promise<RunningNode> {
    const incarnation = systemRandom.hex(8);
    const router = new NodeRouter({
      node: { nodeId, incarnation },
      address: '',
      store,
      clock: new SystemClock(),
      random: systemRandom,
      logger: this.logger,
      deadAfterMs,
    });
    const node: RunningNode = { router, store, notes: [], lost: [], leases: new Map() };
    router.on('note', (payload, _from, user) => {
      if (user && !node.leases.has(user.userId)) return false;
      node.notes.push(payload);
      return true;
    });
    this.#nodes.push(node);
    await eventually(`${nodeId} is connected`, () => router.connected);
    return node;
  }

  /** Puts a user on a node, as a socket would. */
  async seat(node: RunningNode, user: UserKey): Promise<RouteLease> {
    const { userId } = user;
    const lease = await node.router.claim(user, 'web', systemRandom.hex(8), () => {
      node.lost.push(userId);
      node.leases.delete(userId);
    });
    node.leases.set(userId, lease);
    return lease;
  }

  async close(): Promise<void> {
    for (const { router } of this.#nodes) await router.close();
    this.#nodes.length = 0;
  }
}

export function userNumber(number: number): UserKey {
  return { tenant: 'acme', userId: `user${number}` };
}

import { routingLimits } from '../../config/limits.js';
import type { Route, UserKey } from '../ports/router.js';
import type { RoutingStore } from '../ports/routing-store.js';
import type { NodeIdentity } from '../ports/session-log.js';
import { keyOfUser, type DeviceTable } from './device-table.js';
import type { KeyedQueue } from './keyed-queue.js';

/**
 * Users of whom the store may hold claims of this node that no connection has any more, because it was away when they
 * were given back.
 */
export class UntidyUsers {
  readonly #node: NodeIdentity;
  readonly #devices: DeviceTable;
  readonly #store: RoutingStore;
  readonly #queue: KeyedQueue;
  readonly #users = new Map<string, UserKey>();

  constructor(node: NodeIdentity, devices: DeviceTable, store: RoutingStore, queue: KeyedQueue) {
    this.#node = node;
    this.#devices = devices;
    this.#store = store;
    this.#queue = queue;
  }

  /** The user waits already, or is being tidied. */
  has(user: UserKey): boolean {
    return this.#users.has(keyOfUser(user));
  }

  /** Tidied later. At most `routingLimits.untidyUsers`: claims of more end with their lease, or at the next nack. */
  add(user: UserKey): void {
    if (this.#users.size < routingLimits.untidyUsers) this.#users.set(keyOfUser(user), user);
  }

  /** Tidies all that wait. Rejects when the store does not answer; the rest waits on. */
  async tidyAll(wanted: () => boolean): Promise<void> {
    const users = [...this.#users.values()];
    for (let i = 0; i < users.length && wanted(); i += routingLimits.renewBatch) {
      const batch = users.slice(i, i + routingLimits.renewBatch);
      await Promise.all(batch.map((user) => this.tidy(user)));
    }
  }

  /** Gives back every claim of this node that no connection has. Rejects when the store does not answer. */
  async tidy(user: UserKey): Promise<void> {
    const key = keyOfUser(user);
    await this.#queue.run(key, async () => {
      for (const route of await this.#store.lookup(user))
        if (this.#isLeftOver(key, route)) await this.#store.release(user, route);
    });
    this.#users.delete(key);
  }

  clear(): void {
    this.#users.clear();
  }

  #isLeftOver(key: string, { nodeId, incarnation, device, connectionId }: Route): boolean {
    if (nodeId !== this.#node.nodeId || incarnation !== this.#node.incarnation) return false;
    return this.#devices.get(key, device)?.connectionId !== connectionId;
  }
}

import type { NodeRecord, Route, UserKey } from '../../gateway/ports/router.js';
import type {
  RouteHolder,
  RoutingStore,
  RoutingStoreListener,
  StoredClaim,
  StoredNodes,
  StoredRenewal,
  UserRoute,
} from '../../gateway/ports/routing-store.js';
import type { NodeIdentity } from '../../gateway/ports/session-log.js';
import type { MemoryRoutingServer } from './memory-routing-server.js';
import { nodeChannel } from './routing-keys.js';

/**
 * A routing store in memory: for a single node without Redis, and for tests of several nodes in one process.
 *
 * Stores of one server see each other. `linkDown` and `linkUp` are faults for tests.
 */
export class MemoryRoutingStore implements RoutingStore {
  readonly #server: MemoryRoutingServer;
  #listener: RoutingStoreListener | null = null;
  #up = false;
  #deaf = false;
  #channels: readonly string[] = [];
  readonly #receive = (text: string): void => {
    if (this.#up && !this.#deaf) this.#listener?.onMessage(text);
  };

  constructor(server: MemoryRoutingServer) {
    this.#server = server;
  }

  open(listener: RoutingStoreListener): void {
    this.#listener = listener;
    queueMicrotask(() => this.linkUp());
  }

  claim(user: UserKey, device: string, holder: RouteHolder, leaseMs: number): Promise<StoredClaim> {
    return this.#ask(() => this.#server.claim(user, device, holder, leaseMs));
  }

  renew(routes: readonly UserRoute[], leaseMs: number): Promise<readonly StoredRenewal[]> {
    return this.#ask(() => routes.map(({ user, route }) => this.#server.renew(user, route, leaseMs)));
  }

  release(user: UserKey, route: Route): Promise<boolean> {
    return this.#ask(() => this.#server.release(user, route));
  }

  lookup(user: UserKey): Promise<readonly Route[]> {
    return this.#ask(() => this.#server.lookup(user));
  }

  beat(record: NodeRecord, leaseMs: number, first: boolean): Promise<StoredNodes> {
    return this.#ask(() => this.#server.beat(record, leaseMs, first));
  }

  retire(node: NodeIdentity): Promise<void> {
    return this.#ask(() => this.#server.retire(node));
  }

  subscribe({ nodeId, incarnation }: NodeIdentity): Promise<void> {
    return this.#ask(() => {
      this.#unsubscribe();
      this.#channels = [nodeChannel('', nodeId, null), nodeChannel('', nodeId, incarnation)];
      for (const channel of this.#channels) this.#server.subscribe(channel, this.#receive);
    });
  }

  publish(nodeId: string, incarnation: string | null, text: string): Promise<'delivered' | 'nobody'> {
    return this.#ask(() => (this.#server.publish(nodeId, incarnation, text) > 0 ? 'delivered' : 'nobody'));
  }

  reconnect(): void {
    if (!this.#up) return;
    this.#deaf = false;
    this.linkDown();
    queueMicrotask(() => this.linkUp());
  }

  close(): Promise<void> {
    this.#listener = null;
    this.#up = false;
    this.#unsubscribe();
    return Promise.resolve();
  }

  /** Fault: calls reject, and nothing is received. */
  linkDown(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#unsubscribe();
    this.#listener?.onDown('the link is down');
  }

  linkUp(): void {
    if (this.#up || !this.#listener) return;
    this.#up = true;
    this.#listener.onUp();
  }

  /** Fault: looks well and is counted as a receiver, but hears nothing until `reconnect`. */
  goDeaf(): void {
    this.#deaf = true;
  }

  #unsubscribe(): void {
    for (const channel of this.#channels) this.#server.unsubscribe(channel, this.#receive);
    this.#channels = [];
  }

  #ask<T>(work: () => T): Promise<T> {
    return this.#up ? Promise.resolve(work()) : Promise.reject(new Error('the link is down'));
  }
}

import type { NodeRecord, Route, UserKey } from './router.js';
import type { NodeIdentity } from './session-log.js';

/** A connection that a device is claimed for. */
export interface RouteHolder extends NodeIdentity {
  readonly connectionId: string;
}

/** A device of a user with its claim. */
export interface UserRoute {
  readonly user: UserKey;
  readonly route: Route;
}

export interface StoredClaim {
  readonly epoch: number;
  /** Who had the device before, and the oldest device of a user that had too many; a dead node's may be among them. */
  readonly ousted: readonly Route[];
}

export interface StoredRenewal {
  /**
   * `restored`: it was missing (the store has lost it, or was away) or an older claim stood there. `lost`: a newer claim
   * stands there, or stood there last.
   */
  readonly outcome: 'kept' | 'restored' | 'lost';
  /** Of the claim from now on; larger than before where an answer to `claim` was lost on the way. */
  readonly epoch: number;
  /** The older claim of somebody else that `restored` has replaced. */
  readonly ousted: Route | null;
}

export interface StoredNodes {
  /** The store's own Unix time in milliseconds. */
  readonly nowMs: number;
  /** A younger process beats under the same node id; this one is not among `nodes`. */
  readonly superseded: boolean;
  /** All that live, at most `routingLimits.nodes`. */
  readonly nodes: readonly NodeRecord[];
}

/** What a store tells its router. Methods are synchronous and must not throw. */
export interface RoutingStoreListener {
  /** Calls will be answered from now on; nothing is subscribed yet. */
  onUp(): void;
  /**
   * Calls fail until the next `onUp`, and what comes on the own channel may be missed. Also told when the very first
   * attempt to connect fails.
   */
  onDown(reason: string): void;
  /** Something was published to the subscribed node. */
  onMessage(text: string): void;
}

/**
 * What `gateway/routing` needs of Redis: devices with leases and epochs, living nodes, one channel a node.
 *
 * Time is the store's own. Calls reject when the store does not answer soon; whether such a call had an effect is
 * unknown, and every call may be made again. One conformance suite: adapters/conformance.
 */
export interface RoutingStore {
  /** Starts connecting, and goes on for ever; called once. */
  open(listener: RoutingStoreListener): void;

  /** Takes a device whoever has it. The epoch is the larger of the last one of this device plus 1 and the store's time. */
  claim(user: UserKey, device: string, holder: RouteHolder, leaseMs: number): Promise<StoredClaim>;
  /** One answer for each, in their order. */
  renew(routes: readonly UserRoute[], leaseMs: number): Promise<readonly StoredRenewal[]>;
  /** Removes exactly this claim; false when it was not there. */
  release(user: UserKey, route: Route): Promise<boolean>;
  /** Every claimed device, those of dead nodes included, in no order. */
  lookup(user: UserKey): Promise<readonly Route[]>;

  /**
   * Says that a node lives for `leaseMs` from now. `first`: this process has just started, and takes the node id over from
   * an older one at once.
   */
  beat(record: NodeRecord, leaseMs: number, first: boolean): Promise<StoredNodes>;
  /** The node is gone from now on; only the same incarnation is. */
  retire(node: NodeIdentity): Promise<void>;

  /** Receives from now on what is published to this node; after every `onUp`, and again at will. */
  subscribe(node: NodeIdentity): Promise<void>;
  /** What one caller publishes to one node arrives in order, or not at all. `incarnation` null: whichever runs. */
  publish(nodeId: string, incarnation: string | null, text: string): Promise<'delivered' | 'nobody'>;
  /** Drops its connections and makes new ones: for a subscription that is deaf though it looks well. */
  reconnect(): void;
  /** No listener is called after this; idempotent, never rejects. */
  close(): Promise<void>;
}

import type { Json, NodeIdentity } from './session-log.js';

/** A user of a tenant, whatever they come through. */
export interface UserKey {
  readonly tenant: string;
  readonly userId: string;
}

/** Where one device of a user is connected. */
export interface Route extends NodeIdentity {
  /** `web.<device>`, `wechat`, `media.<id>`: ingress and device. */
  readonly device: string;
  readonly connectionId: string;
  /** Rises with every claim of this device; of two claims the larger holds. */
  readonly epoch: number;
}

/** A node as others see it while it lives. */
export interface NodeRecord extends NodeIdentity {
  readonly address: string;
  readonly state: 'up' | 'draining';
  /** Connections it holds. */
  readonly load: number;
}

/** A device claimed for a connection of this node. */
export interface RouteLease {
  readonly route: Route;
  /** False: the mapping is away; only this node knows of the connection until it is back. */
  readonly shared: boolean;
  /** Gives the device back unless somebody else has it. Idempotent, never rejects. */
  release(): Promise<void>;
}

export type SendOutcome =
  /** A living node has taken it. */
  | 'sent'
  /** The node is gone. */
  | 'no-node'
  /** The mapping or the wire is away: who it is for finds it in the log later. */
  | 'deferred';

/**
 * The user-to-node mapping and the wire between nodes. What is sent is a wake-up and may be lost: the log is the truth.
 */
export interface Router {
  readonly node: NodeIdentity;

  /** Claims a device for a connection; `onLost` says that another connection has it now. Rejects only after `close`. */
  claim(user: UserKey, device: string, connectionId: string, onLost: () => void): Promise<RouteLease>;
  /** Every device of a user on a living node; `fresh` is false when it may be out of date. */
  lookup(user: UserKey): Promise<{ readonly routes: readonly Route[]; readonly fresh: boolean }>;

  /** To one node; order is kept between two nodes. `incarnation` null: whichever runs. */
  send(nodeId: string, incarnation: string | null, topic: string, payload: Json): Promise<SendOutcome>;
  /**
   * To every other node that holds a device of the user, once each. A node that holds none says so; then the mapping is
   * looked up anew and the message goes once more.
   */
  sendToUser(user: UserKey, topic: string, payload: Json): Promise<SendOutcome>;
  /** Handles what comes in on a topic; of `sendToUser` messages it says whether the user is here. Must not throw. */
  on(topic: string, handler: (payload: Json, from: NodeIdentity, user: UserKey | null) => boolean): void;

  /** Living nodes, this one included; may be some seconds old. */
  nodes(): readonly NodeRecord[];
  lives(node: NodeIdentity): boolean;
  /** False while the mapping cannot be reached. */
  readonly connected: boolean;
  /** Called after the mapping is back and this node's own devices are claimed again. */
  onReconnected(listener: () => void): void;
  /** Tells others and balancers that no new work should come here. */
  drain(): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  close(): Promise<void>;
}

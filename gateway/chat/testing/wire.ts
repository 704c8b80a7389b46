import type { Json, NodeIdentity } from '../../ports/session-log.js';
import type { NodeRecord, Route, RouteLease, Router, SendOutcome, UserKey } from '../../ports/router.js';

/** Routers of several nodes in one test, and the wire between them, which fails on command. */
export class Wire {
  readonly #routers = new Map<string, WireRouter>();
  /** Everything is lost while it is true. */
  cut = false;
  /** Everything that was sent, as `from>to topic`. */
  readonly sent: string[] = [];

  router(nodeId: string): WireRouter {
    const router = new WireRouter(this, { nodeId, incarnation: '1' });
    this.#routers.set(nodeId, router);
    return router;
  }

  get routers(): readonly WireRouter[] {
    return [...this.#routers.values()];
  }

  /** The process is gone. */
  kill(nodeId: string): void {
    this.#routers.delete(nodeId);
  }

  deliver(from: NodeIdentity, to: string, topic: string, payload: Json, user: UserKey | null): SendOutcome {
    if (this.cut) return 'deferred';
    const target = this.#routers.get(to);
    if (!target) return 'no-node';
    this.sent.push(`${from.nodeId}>${to} ${topic}`);
    const text = JSON.stringify(payload);
    setImmediate(() => target.receive(topic, JSON.parse(text) as Json, from, user));
    return 'sent';
  }
}

type Handler = (payload: Json, from: NodeIdentity, user: UserKey | null) => boolean;

export class WireRouter implements Router {
  readonly node: NodeIdentity;
  readonly #wire: Wire;
  readonly #handlers = new Map<string, Handler>();
  readonly #routes: { readonly user: UserKey; readonly route: Route }[] = [];
  readonly #listeners: (() => void)[] = [];

  constructor(wire: Wire, node: NodeIdentity) {
    this.#wire = wire;
    this.node = node;
  }

  get connected(): boolean {
    return !this.#wire.cut;
  }

  claim(user: UserKey, device: string, connectionId: string): Promise<RouteLease> {
    const route: Route = { ...this.node, device, connectionId, epoch: 1 };
    const row = { user, route };
    this.#routes.push(row);
    const release = (): Promise<void> => {
      this.#routes.splice(this.#routes.indexOf(row), 1);
      return Promise.resolve();
    };
    return Promise.resolve({ route, shared: true, release });
  }

  holds({ tenant, userId }: UserKey): boolean {
    return this.#routes.some(({ user }) => user.tenant === tenant && user.userId === userId);
  }

  lookup(): Promise<{ readonly routes: readonly Route[]; readonly fresh: boolean }> {
    return Promise.resolve({ routes: this.#routes.map(({ route }) => route), fresh: true });
  }

  send(nodeId: string, _incarnation: string | null, topic: string, payload: Json): Promise<SendOutcome> {
    return Promise.resolve(this.#wire.deliver(this.node, nodeId, topic, payload, null));
  }

  sendToUser(user: UserKey, topic: string, payload: Json): Promise<SendOutcome> {
    const others = this.#wire.routers.filter((router) => router !== this && router.holds(user));
    for (const { node } of others) this.#wire.deliver(this.node, node.nodeId, topic, payload, user);
    return Promise.resolve(this.#wire.cut ? 'deferred' : 'sent');
  }

  on(topic: string, handler: Handler): void {
    this.#handlers.set(topic, handler);
  }

  receive(topic: string, payload: Json, from: NodeIdentity, user: UserKey | null): void {
    this.#handlers.get(topic)?.(payload, from, user);
  }

  nodes(): readonly NodeRecord[] {
    return this.#wire.routers.map(({ node }) => ({ ...node, address: '', state: 'up', load: 0 }));
  }

  lives(node: NodeIdentity): boolean {
    return this.nodes().some(({ nodeId }) => nodeId === node.nodeId);
  }

  onReconnected(listener: () => void): void {
    this.#listeners.push(listener);
  }

  reconnected(): void {
    for (const listener of this.#listeners) listener();
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  health(): Promise<{ readonly ok: boolean; readonly detail: string }> {
    return Promise.resolve({ ok: true, detail: '' });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

import type { Clock } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { NodeRecord, Route, RouteLease, Router, SendOutcome, UserKey } from '../ports/router.js';
import type { RoutingStore, StoredClaim } from '../ports/routing-store.js';
import type { Json, NodeIdentity } from '../ports/session-log.js';
import { DeviceTable, keyOfUser, type LocalDevice } from './device-table.js';
import { serializeEnvelope, type Envelope, type UserMessage } from './envelope.js';
import { Inbox, type TopicHandler } from './inbox.js';
import { KeyedQueue } from './keyed-queue.js';
import { LookupCache } from './lookup-cache.js';
import { Membership } from './membership.js';
import { Prober } from './prober.js';
import { createCounts, type RoutingReadings } from './readings.js';
import { Renewal } from './renewal.js';
import { StoreLink } from './store-link.js';
import { UntidyUsers } from './untidy-users.js';
import { UserFinder } from './user-finder.js';
import { UserSender } from './user-sender.js';
import { Wire } from './wire.js';

export interface NodeRouterOptions {
  readonly node: NodeIdentity;
  /** Where its HTTP port is reached, for operators; empty when unknown. */
  readonly address: string;
  /** Closed by the router. */
  readonly store: RoutingStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** A node that has not been heard of for so long is dead (`chat.deadAfterSeconds`). */
  readonly deadAfterMs: number;
}

/**
 * The router of one node over a `RoutingStore`.
 *
 * Work of one user is done one after another. While the store is away, claims are local, what was looked up goes on being
 * used, and messages to other nodes are deferred.
 */
export class NodeRouter implements Router {
  readonly node: NodeIdentity;
  readonly #store: RoutingStore;
  readonly #logger: Logger;
  readonly #counts = createCounts();
  readonly #devices: DeviceTable;
  readonly #claims = new KeyedQueue();
  readonly #cache: LookupCache;
  readonly #members: Membership;
  readonly #finder: UserFinder;
  readonly #wire: Wire;
  readonly #sender: UserSender;
  readonly #inbox: Inbox;
  readonly #prober: Prober;
  readonly #renewal: Renewal;
  readonly #untidy: UntidyUsers;
  readonly #link: StoreLink;
  #closing: Promise<void> | null = null;

  constructor(options: NodeRouterOptions) {
    const { node, store, clock, logger, random } = options;
    this.node = node;
    this.#store = store;
    this.#logger = logger;
    const counts = this.#counts;
    const connected = (): boolean => this.connected;
    this.#devices = new DeviceTable(node);
    this.#cache = new LookupCache(clock);
    this.#members = new Membership({ ...options, load: () => this.#devices.size });
    const members = this.#members;
    this.#finder = new UserFinder({ store, cache: this.#cache, members, counts, connected });
    this.#wire = new Wire({ store, clock, counts, logger });
    this.#sender = new UserSender({ node, finder: this.#finder, members, wire: this.#wire });
    this.#prober = new Prober(clock, (id) => this.#sendProbe(id));
    this.#untidy = new UntidyUsers(node, this.#devices, store, this.#claims);
    this.#renewal = new Renewal({
      devices: this.#devices,
      store,
      clock,
      random,
      counts,
      onLost: (device) => this.#lose(device),
      onOusted: (user, route, epoch) => this.#kick(user, route, epoch),
    });
    this.#inbox = new Inbox({
      counts,
      logger,
      onNack: (message, from) => this.#onNack(message, from),
      onAbsent: (message, from) => this.#onAbsent(message, from),
      onKick: (user, device, epoch) => this.#onKick(user, device, epoch),
      onProbe: (id) => this.#prober.arrived(id),
    });
    this.#link = new StoreLink({
      ...options,
      counts,
      members,
      wire: this.#wire,
      prober: this.#prober,
      renewal: this.#renewal,
      untidy: this.#untidy,
      onMessage: (text) => this.#inbox.receive(text),
    });
    this.#link.open();
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  claim(user: UserKey, device: string, connectionId: string, onLost: () => void): Promise<RouteLease> {
    if (this.#closing) return Promise.reject(closedError());
    const claimed = { user, key: keyOfUser(user), device, connectionId, onLost, epoch: 0, shared: false };
    return this.#claims.run(claimed.key, () => this.#claim(claimed));
  }

  async lookup(user: UserKey): Promise<{ readonly routes: readonly Route[]; readonly fresh: boolean }> {
    const key = keyOfUser(user);
    const { routes, fresh } = await this.#finder.find(user, key);
    const { table } = this.#members;
    const elsewhere = routes.filter((route) => route.nodeId !== this.node.nodeId && table.lives(route));
    return { routes: [...this.#devices.routesOf(key), ...elsewhere], fresh: fresh && this.connected };
  }

  send(nodeId: string, incarnation: string | null, topic: string, payload: Json): Promise<SendOutcome> {
    if (nodeId === this.node.nodeId) return this.#sendToSelf(incarnation, topic, payload);
    return this.#post(nodeId, incarnation, { kind: 'message', from: this.node, topic, payload });
  }

  sendToUser(user: UserKey, topic: string, payload: Json): Promise<SendOutcome> {
    return this.#sender.send(user, topic, payload);
  }

  on(topic: string, handler: TopicHandler): void {
    this.#inbox.on(topic, handler);
  }

  nodes(): readonly NodeRecord[] {
    return [this.#members.record, ...this.#members.table.others()];
  }

  lives(node: NodeIdentity): boolean {
    return this.#members.table.lives(node);
  }

  onReconnected(listener: () => void): void {
    this.#link.onReconnected(listener);
  }

  /** Never rejects: while the store is away, it is told when it is back. */
  async drain(): Promise<void> {
    this.#members.drain();
    await this.#link.tell();
  }

  health(): Promise<{ readonly ok: boolean; readonly detail: string }> {
    return this.#link.health();
  }

  /** What was done so far and how things stand; cheap. */
  readings(): RoutingReadings {
    return {
      ...this.#counts,
      connected: this.connected,
      devices: this.#devices.size,
      livingNodes: this.nodes().length,
      waitingEnvelopes: this.#wire.waiting,
      cachedLookups: this.#cache.size,
      probeMs: this.#prober.lastMs,
    };
  }

  /** Gives every device back, tells the others that this node is gone, and closes the store. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#claims.idle();
    await this.#releaseAll();
    await this.#link.close();
    this.#wire.close();
    this.#cache.clear();
    this.#untidy.clear();
    await this.#store.close();
  }

  async #releaseAll(): Promise<void> {
    const devices = this.#devices.all('all');
    for (const device of devices) this.#devices.remove(device);
    if (!this.connected) return;
    let failures = 0;
    for (let i = 0; i < devices.length; i += routingLimits.renewBatch) {
      const batch = devices.slice(i, i + routingLimits.renewBatch);
      const given = await Promise.allSettled(
        batch.map((device) => this.#store.release(device.user, this.#devices.routeOf(device))),
      );
      failures += given.filter(({ status }) => status === 'rejected').length;
    }
    if (failures > 0)
      this.#logger.warn('devices were not given back: they end with their lease', { failures });
  }

  async #claim(device: LocalDevice): Promise<RouteLease> {
    this.#devices.claiming(device.key, device.device);
    const stored = await this.#claimInStore(device);
    const kickedBy = this.#devices.claimed(device.key);
    const before = this.#devices.get(device.key, device.device);
    if (stored) {
      device.epoch = stored.epoch;
      device.shared = true;
      this.#counts.claims++;
    } else {
      device.epoch = Math.max(this.#members.storeNowMs, (before?.epoch ?? 0) + 1);
      this.#counts.localClaims++;
    }
    if (before && before.connectionId !== device.connectionId) this.#lose(before);
    this.#devices.hold(device);
    this.#cache.delete(device.key);
    for (const route of stored?.ousted ?? [])
      this.#kick(device.user, route, route.device === device.device ? device.epoch : route.epoch + 1);
    if (kickedBy > device.epoch) this.#lose(device);
    return this.#lease(device);
  }

  /** Null when the store is away: the claim is this node's own for now. */
  async #claimInStore({ user, device, connectionId }: LocalDevice): Promise<StoredClaim | null> {
    if (!this.connected) return null;
    try {
      const holder = { ...this.node, connectionId };
      return await this.#store.claim(user, device, holder, routingLimits.userLeaseMs);
    } catch (err) {
      this.#counts.storeErrors++;
      this.#logger.warn('a device could not be claimed in the store: only this node knows of it', { err });
      return null;
    }
  }

  #lease(device: LocalDevice): RouteLease {
    const route = (): Route => this.#devices.routeOf(device);
    let released: Promise<void> | null = null;
    return {
      get route() {
        return route();
      },
      get shared() {
        return device.shared;
      },
      release: () => (released ??= this.#release(device)),
    };
  }

  async #release(device: LocalDevice): Promise<void> {
    if (!this.#devices.remove(device)) return;
    this.#counts.releases++;
    this.#cache.delete(device.key);
    await this.#claims.run(device.key, async () => {
      if (!this.connected || !device.shared) {
        this.#untidy.add(device.user);
        return;
      }
      try {
        await this.#store.release(device.user, this.#devices.routeOf(device));
      } catch (err) {
        this.#counts.storeErrors++;
        this.#untidy.add(device.user);
        this.#logger.debug('a device could not be given back: it is when the store is back', { err });
      }
    });
  }

  #lose(device: LocalDevice): void {
    if (!this.#devices.remove(device)) return;
    this.#counts.lost++;
    this.#cache.delete(device.key);
    try {
      device.onLost();
    } catch (err) {
      this.#counts.handlerErrors++;
      this.#logger.error('a connection that lost its device failed', { err });
    }
  }

  /** Tells who had a device before that it is gone. */
  #kick(user: UserKey, { nodeId, incarnation, device }: Route, epoch: number): void {
    if (nodeId === this.node.nodeId && incarnation === this.node.incarnation) {
      const there = this.#devices.kicked(keyOfUser(user), device, epoch);
      if (there) this.#lose(there);
      return;
    }
    this.#counts.kicksSent++;
    void this.#post(nodeId, incarnation, { kind: 'kick', from: this.node, user, device, epoch });
  }

  #onKick(user: UserKey, device: string, epoch: number): void {
    const key = keyOfUser(user);
    this.#cache.delete(key);
    const there = this.#devices.kicked(key, device, epoch);
    if (there) this.#lose(there);
  }

  /** Somebody else's node has said that a user is not there. */
  #onNack(message: UserMessage, from: NodeIdentity): void {
    this.#cache.delete(keyOfUser(message.user));
    if (!message.again) void this.#sender.sendAgain(message, from);
  }

  /** A message has come for a user who is not here: its sender looks again, and what is left of the user here is tidied. */
  #onAbsent(message: UserMessage, from: NodeIdentity): void {
    this.#counts.nacksSent++;
    void this.#post(from.nodeId, from.incarnation, { kind: 'nack', from: this.node, ...message });
    if (!this.#closing) this.#link.tidy(message.user);
  }

  #sendToSelf(incarnation: string | null, topic: string, payload: Json): Promise<SendOutcome> {
    if (incarnation !== null && incarnation !== this.node.incarnation) return Promise.resolve('no-node');
    queueMicrotask(() => this.#inbox.deliver({ kind: 'message', from: this.node, topic, payload }));
    return Promise.resolve('sent');
  }

  /** Past the wire's queue: a probe that waits proves nothing. */
  async #sendProbe(id: number): Promise<boolean> {
    const text = serializeEnvelope({ kind: 'probe', from: this.node, id });
    if (text === null) return false;
    try {
      return (await this.#store.publish(this.node.nodeId, this.node.incarnation, text)) === 'delivered';
    } catch {
      // The probe counts as lost, and the link says why.
      this.#counts.storeErrors++;
      return false;
    }
  }

  #post(nodeId: string, incarnation: string | null, envelope: Envelope): Promise<SendOutcome> {
    return this.#wire.post(nodeId, incarnation, serializeEnvelope(envelope));
  }
}

function closedError(): Error {
  return new Error('the router is closed');
}

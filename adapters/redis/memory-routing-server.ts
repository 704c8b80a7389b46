import type { Clock } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';
import type { NodeRecord, Route, UserKey } from '../../gateway/ports/router.js';
import type {
  RouteHolder,
  StoredClaim,
  StoredNodes,
  StoredRenewal,
} from '../../gateway/ports/routing-store.js';
import type { NodeIdentity } from '../../gateway/ports/session-log.js';
import { nodeChannel, sameHolder, userKey } from './routing-keys.js';

/** One user's devices: who has them, and the last epoch of each. */
interface UserEntry {
  readonly slots: Map<string, Route>;
  readonly marks: Map<string, number>;
  endsAtMs: number;
}

interface NodeEntry {
  readonly record: NodeRecord;
  readonly endsAtMs: number;
}

/** Where what is published on a channel goes. */
export type ChannelReceiver = (text: string) => void;

/**
 * What several `MemoryRoutingStore`s share in place of a Redis: the same rules as the scripts, in this process.
 *
 * Users are kept in the order of their lease's end, so that old ones are dropped without a search.
 */
export class MemoryRoutingServer {
  readonly #clock: Clock;
  readonly #users = new Map<string, UserEntry>();
  readonly #nodes = new Map<string, NodeEntry>();
  readonly #channels = new Map<string, Set<ChannelReceiver>>();
  #drops = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Users whose devices or marks are kept. */
  get users(): number {
    return this.#users.size;
  }

  claim(user: UserKey, device: string, holder: RouteHolder, leaseMs: number): StoredClaim {
    const entry = this.#touch(user, leaseMs);
    const epoch = Math.max((entry.marks.get(device) ?? 0) + 1, this.#clock.epochMs());
    const ousted: Route[] = [];
    const previous = entry.slots.get(device);
    if (previous) ousted.push(previous);
    else if (entry.slots.size >= routingLimits.devicesPerUser) ousted.push(...removeOldest(entry));
    entry.slots.set(device, { ...holder, device, epoch });
    entry.marks.set(device, epoch);
    this.#tidyMarks(entry);
    return { epoch, ousted };
  }

  renew(user: UserKey, route: Route, leaseMs: number): StoredRenewal {
    const entry = this.#touch(user, leaseMs);
    const there = entry.slots.get(route.device);
    if (there && sameHolder(there, route) && there.epoch >= route.epoch)
      return { outcome: 'kept', epoch: there.epoch, ousted: null };
    const newest = there?.epoch ?? entry.marks.get(route.device) ?? 0;
    const taken = there ? newest >= route.epoch : newest > route.epoch;
    if (taken || (!there && entry.slots.size >= routingLimits.devicesPerUser))
      return { outcome: 'lost', epoch: newest, ousted: null };
    entry.slots.set(route.device, route);
    entry.marks.set(route.device, Math.max(newest, route.epoch));
    const ousted = there && !sameHolder(there, route) ? there : null;
    return { outcome: 'restored', epoch: route.epoch, ousted };
  }

  release(user: UserKey, route: Route): boolean {
    const slots = this.#users.get(userKey('', user))?.slots;
    const there = slots?.get(route.device);
    if (!slots || !there || !sameHolder(there, route) || there.epoch !== route.epoch) return false;
    return slots.delete(route.device);
  }

  lookup(user: UserKey): readonly Route[] {
    this.#dropEnded();
    return [...(this.#users.get(userKey('', user))?.slots.values() ?? [])];
  }

  beat(record: NodeRecord, leaseMs: number, first: boolean): StoredNodes {
    this.#dropEnded();
    const nowMs = this.#clock.epochMs();
    const there = this.#nodes.get(record.nodeId)?.record;
    const superseded = there !== undefined && there.incarnation !== record.incarnation && !first;
    if (!superseded) this.#nodes.set(record.nodeId, { record, endsAtMs: this.#clock.nowMs() + leaseMs });
    const nodes = [...this.#nodes.values()].slice(0, routingLimits.nodes).map((entry) => entry.record);
    return { nowMs, superseded, nodes };
  }

  retire({ nodeId, incarnation }: NodeIdentity): void {
    if (this.#nodes.get(nodeId)?.record.incarnation === incarnation) this.#nodes.delete(nodeId);
  }

  subscribe(channel: string, receiver: ChannelReceiver): void {
    const receivers = this.#channels.get(channel);
    if (receivers) receivers.add(receiver);
    else this.#channels.set(channel, new Set([receiver]));
  }

  unsubscribe(channel: string, receiver: ChannelReceiver): void {
    const receivers = this.#channels.get(channel);
    if (receivers?.delete(receiver) && receivers.size === 0) this.#channels.delete(channel);
  }

  /** The number of receivers; a dropped message counts as received, as it would on a broken line. */
  publish(nodeId: string, incarnation: string | null, text: string): number {
    const receivers = this.#channels.get(nodeChannel('', nodeId, incarnation));
    if (!receivers) return 0;
    if (this.#drops > 0) this.#drops--;
    else for (const receiver of receivers) queueMicrotask(() => receiver(text));
    return receivers.size;
  }

  /** Fault: forgets every claim and node, as a server that was started empty. */
  loseEverything(): void {
    this.#users.clear();
    this.#nodes.clear();
  }

  /** Fault: the next `count` messages are counted as received and reach nobody. */
  dropNext(count = 1): void {
    this.#drops = count;
  }

  #touch(user: UserKey, leaseMs: number): UserEntry {
    this.#dropEnded();
    const key = userKey('', user);
    const entry = this.#users.get(key) ?? { slots: new Map(), marks: new Map(), endsAtMs: 0 };
    entry.endsAtMs = this.#clock.nowMs() + leaseMs;
    this.#users.delete(key);
    this.#users.set(key, entry);
    return entry;
  }

  #dropEnded(): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, { endsAtMs }] of this.#users) {
      if (endsAtMs > nowMs) break;
      this.#users.delete(key);
    }
    for (const [nodeId, { endsAtMs }] of this.#nodes) if (endsAtMs <= nowMs) this.#nodes.delete(nodeId);
  }

  /** Marks of devices that nobody has are only kept for a while: time alone lets their epochs rise. */
  #tidyMarks({ slots, marks }: UserEntry): void {
    if (marks.size <= routingLimits.marksPerUser) return;
    const nowMs = this.#clock.epochMs();
    for (const [device, mark] of marks) if (!slots.has(device) && mark <= nowMs) marks.delete(device);
  }
}

function removeOldest({ slots }: UserEntry): Route[] {
  let oldest: Route | null = null;
  for (const route of slots.values()) if (!oldest || route.epoch < oldest.epoch) oldest = route;
  if (!oldest) return [];
  slots.delete(oldest.device);
  return [oldest];
}

import type { Clock, Timer } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { UserKey } from '../ports/router.js';
import type { RoutingStore } from '../ports/routing-store.js';
import type { NodeIdentity } from '../ports/session-log.js';
import type { Membership } from './membership.js';
import type { Prober } from './prober.js';
import type { RoutingCounts } from './readings.js';
import type { Renewal } from './renewal.js';
import type { UntidyUsers } from './untidy-users.js';
import type { Wire } from './wire.js';

export interface StoreLinkOptions {
  readonly node: NodeIdentity;
  readonly store: RoutingStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counts: RoutingCounts;
  readonly deadAfterMs: number;
  readonly members: Membership;
  readonly wire: Wire;
  readonly prober: Prober;
  readonly renewal: Renewal;
  readonly untidy: UntidyUsers;
  readonly onMessage: (text: string) => void;
}

/**
 * This node's tie to the store: away -> joining -> connected, and back to away whenever the store says so.
 *
 * Joining: subscribe, so that nothing is missed; beat, so that others see this node; let waiting messages go; claim all
 * own devices again; tell who waits for it. Connected: beat and probe, and renew claims at a third of their lease.
 */
export class StoreLink {
  readonly #options: StoreLinkOptions;
  readonly #beatMs: number;
  readonly #reconnected: (() => void)[] = [];
  /** Rises whenever the store comes or goes: what was begun before is given up. */
  #period = 0;
  #connected = false;
  #closed = false;
  #downReason = 'not connected yet';
  /** Of the last call that failed. */
  #trouble = '';
  #lostProbes = 0;
  #joinTimer: Timer | null = null;
  #beatTimer: Timer | null = null;
  #renewTimer: Timer | null = null;

  constructor(options: StoreLinkOptions) {
    this.#options = options;
    this.#beatMs = Math.min(routingLimits.beatMs, options.deadAfterMs / 3);
  }

  get connected(): boolean {
    return this.#connected;
  }

  open(): void {
    this.#options.store.open({
      onUp: () => this.#onUp(),
      onDown: (reason) => this.#onDown(reason),
      onMessage: this.#options.onMessage,
    });
  }

  onReconnected(listener: () => void): void {
    this.#reconnected.push(listener);
  }

  /** Lets others know how this node is by now. Never rejects. */
  async tell(): Promise<void> {
    if (this.#connected) await this.#try(() => this.#options.members.beat());
  }

  /** Gives back what the store still holds of a user who is not here; later, when it does not answer. */
  tidy(user: UserKey): void {
    const { untidy } = this.#options;
    if (untidy.has(user)) return;
    untidy.add(user);
    if (this.#connected) void this.#try(() => untidy.tidy(user));
  }

  async health(): Promise<{ readonly ok: boolean; readonly detail: string }> {
    if (!this.#connected)
      return { ok: false, detail: `the routing store cannot be reached: ${this.#downReason}` };
    if (this.#options.members.superseded)
      return { ok: false, detail: `another process runs as node "${this.#options.node.nodeId}"` };
    const ms = await this.#options.prober.probe();
    return ms === null
      ? { ok: false, detail: 'a message of this node to itself does not come back' }
      : { ok: true, detail: `a message to itself took ${ms.toFixed(1)} ms` };
  }

  /** Tells the others that this node is gone. Never rejects. */
  async close(): Promise<void> {
    if (this.#connected) await this.#try(() => this.#options.store.retire(this.#options.node));
    this.#closed = true;
    this.#connected = false;
    this.#period++;
    this.#cancelTimers();
    this.#options.prober.close();
    this.#options.renewal.close();
  }

  #onUp(): void {
    if (this.#closed) return;
    this.#period++;
    this.#cancelTimers();
    void this.#join(this.#period, 1);
  }

  #onDown(reason: string): void {
    if (this.#closed) return;
    if (this.#connected || this.#period === 0)
      this.#options.logger.warn('the routing store is away', { reason });
    this.#period++;
    this.#cancelTimers();
    this.#connected = false;
    this.#downReason = reason;
    this.#options.wire.down();
  }

  async #join(period: number, attempt: number): Promise<void> {
    const { store, node, members, counts, wire, logger } = this.#options;
    members.rejoin();
    const joined = await this.#try(async () => {
      await store.subscribe(node);
      if (period === this.#period) await members.beat();
    });
    if (period !== this.#period) return;
    if (!joined) {
      if (attempt === 1) {
        this.#downReason = this.#trouble;
        logger.warn('the routing store is there but cannot be joined yet', { reason: this.#trouble });
      }
      this.#joinTimer = this.#later(routingLimits.joinRetryMs, () => this.#join(period, attempt + 1));
      return;
    }
    counts.joins++;
    this.#lostProbes = 0;
    this.#connected = true;
    logger.info('the routing store is connected', { nodes: members.table.size });
    wire.up();
    this.#scheduleBeat(period);
    await this.#reclaim(period);
  }

  /** Claims all own devices again, until it has been done once. */
  async #reclaim(period: number): Promise<void> {
    const { renewal, untidy, logger } = this.#options;
    const wanted = (): boolean => period === this.#period;
    const done = await this.#try(async () => {
      await renewal.run('all', wanted);
      await untidy.tidyAll(wanted);
    });
    if (!wanted()) return;
    if (!done) {
      this.#renewTimer = this.#later(routingLimits.joinRetryMs, () => this.#reclaim(period));
      return;
    }
    this.#scheduleRenewal(period);
    for (const listener of this.#reconnected) {
      try {
        listener();
      } catch (err) {
        logger.error('a listener of the reconnected routing store failed', { err });
      }
    }
  }

  #scheduleRenewal(period: number): void {
    this.#renewTimer = this.#later(routingLimits.userLeaseMs / 3, async () => {
      const renewed = await this.#try(() => this.#options.renewal.run('all', () => period === this.#period));
      if (period !== this.#period) return;
      if (renewed) this.#scheduleRenewal(period);
      else this.#renewTimer = this.#later(routingLimits.joinRetryMs, () => this.#reclaim(period));
    });
  }

  #scheduleBeat(period: number): void {
    this.#beatTimer = this.#later(this.#beatMs, async () => {
      await this.#beat(period);
      if (period === this.#period) this.#scheduleBeat(period);
    });
  }

  async #beat(period: number): Promise<void> {
    const { members, renewal, untidy } = this.#options;
    const wanted = (): boolean => period === this.#period;
    await this.#try(async () => {
      await members.beat();
      await renewal.run('unshared', wanted);
      await untidy.tidyAll(wanted);
    });
    if (wanted()) await this.#probe(wanted);
  }

  /** A lost probe means a deaf subscription: it is made anew, and when that does not help, so are the connections. */
  async #probe(wanted: () => boolean): Promise<void> {
    const { prober, store, node, counts, logger } = this.#options;
    const ms = await prober.probe();
    if (!wanted()) return;
    if (ms !== null) {
      this.#lostProbes = 0;
      return;
    }
    counts.probesLost++;
    this.#lostProbes++;
    logger.warn('a message of this node to itself did not come back', { inARow: this.#lostProbes });
    if (this.#lostProbes > 1 || !(await this.#try(() => store.subscribe(node)))) store.reconnect();
  }

  /** False when it failed, which is logged and counted. */
  async #try(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (err) {
      this.#trouble = err instanceof Error ? err.message : 'unknown';
      this.#options.counts.storeErrors++;
      this.#options.logger.debug('the routing store did not answer', { err });
      return false;
    }
  }

  /** Up to a quarter earlier than told, so that nodes do not move in step. `work` must not reject. */
  #later(ms: number, work: () => Promise<void>): Timer {
    const early = this.#options.random.integer(Math.max(1, Math.floor(ms / 4)));
    return this.#options.clock.setTimer(() => void work(), ms - early);
  }

  #cancelTimers(): void {
    for (const timer of [this.#joinTimer, this.#beatTimer, this.#renewTimer]) timer?.cancel();
  }
}

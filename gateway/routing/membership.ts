import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { NodeRecord } from '../ports/router.js';
import type { RoutingStore } from '../ports/routing-store.js';
import type { NodeIdentity } from '../ports/session-log.js';
import { NodeTable } from './node-table.js';

/** A claim by a node that is not known: who lives is asked again at most this often, unless the claim is younger. */
const refreshAfterMs = 500;

/** This node among the others: says that it lives, and hears who else does. */
export class Membership {
  readonly table: NodeTable;
  readonly #node: NodeIdentity;
  readonly #address: string;
  readonly #store: RoutingStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #deadAfterMs: number;
  readonly #load: () => number;
  #state: NodeRecord['state'] = 'up';
  #first = true;
  #superseded = false;
  #beatAtMs = Number.NEGATIVE_INFINITY;
  #beatStoreMs = 0;
  /** The store's time minus this machine's monotonic one; too large by the way to the store, never too small. */
  #offsetMs: number;
  #running: Promise<void> | null = null;

  constructor(options: {
    readonly node: NodeIdentity;
    readonly address: string;
    readonly store: RoutingStore;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly deadAfterMs: number;
    readonly load: () => number;
  }) {
    this.#node = options.node;
    this.#address = options.address;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#deadAfterMs = options.deadAfterMs;
    this.#load = options.load;
    this.table = new NodeTable(options.node);
    this.#offsetMs = options.clock.epochMs() - options.clock.nowMs();
  }

  get record(): NodeRecord {
    return { ...this.#node, address: this.#address, state: this.#state, load: this.#load() };
  }

  /** Another process beats under this node's id. */
  get superseded(): boolean {
    return this.#superseded;
  }

  /** The store's time as this machine guesses it. */
  get storeNowMs(): number {
    return Math.ceil(this.#clock.nowMs() + this.#offsetMs);
  }

  /** Some nodes may not have been heard of yet. */
  get settling(): boolean {
    return this.table.settling(this.#clock.nowMs());
  }

  /** The store is back: what it does not know yet is kept for a while. */
  rejoin(): void {
    if (!this.#first) this.table.keepUntil(this.#clock.nowMs() + this.#deadAfterMs);
  }

  /** Says that this node lives; a beat under way counts. Rejects when the store does not answer. */
  beat(): Promise<void> {
    this.#running ??= this.#beat().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /**
   * Hears who lives, for a claim by a node that is not known. Not when that was just done, and the claim is older: a node
   * beats before it claims. Rejects when the store does not answer.
   */
  async refresh(epoch: number): Promise<void> {
    const justDone = this.#clock.nowMs() - this.#beatAtMs < refreshAfterMs;
    if (!justDone || epoch >= this.#beatStoreMs) await this.beat();
  }

  drain(): void {
    this.#state = 'draining';
  }

  async #beat(): Promise<void> {
    const askedAtMs = this.#clock.nowMs();
    const { nowMs, superseded, nodes } = await this.#store.beat(this.record, this.#deadAfterMs, this.#first);
    this.#first = false;
    this.#beatAtMs = this.#clock.nowMs();
    this.#beatStoreMs = nowMs;
    this.#offsetMs = nowMs - askedAtMs;
    this.table.update(nodes, this.#beatAtMs);
    if (superseded && !this.#superseded)
      this.#logger.error('another process runs under this node id: give each node its own node.id', {
        nodeId: this.#node.nodeId,
      });
    this.#superseded = superseded;
  }
}

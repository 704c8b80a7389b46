import { routingLimits } from '../../config/limits.js';
import type { NodeRecord } from '../ports/router.js';
import type { NodeIdentity } from '../ports/session-log.js';

/**
 * The living nodes as the store told last; it stands still while the store is away.
 *
 * For a while after the store is back, nodes are kept that have not beaten yet: a store that was started empty knows nobody.
 */
export class NodeTable {
  readonly #self: NodeIdentity;
  #records = new Map<string, NodeRecord>();
  #keepUntilMs = 0;

  constructor(self: NodeIdentity) {
    this.#self = self;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Nodes that are known are kept until then. */
  keepUntil(ms: number): void {
    this.#keepUntilMs = ms;
  }

  /** Some of the nodes may be missing in the store, as they have not beaten yet. */
  settling(nowMs: number): boolean {
    return nowMs < this.#keepUntilMs;
  }

  update(living: readonly NodeRecord[], nowMs: number): void {
    const records = new Map(living.slice(0, routingLimits.nodes).map((record) => [record.nodeId, record]));
    if (this.settling(nowMs)) {
      for (const [nodeId, record] of this.#records)
        if (!records.has(nodeId) && records.size < routingLimits.nodes) records.set(nodeId, record);
    }
    this.#records = records;
  }

  /** All but this one. */
  others(): NodeRecord[] {
    return [...this.#records.values()].filter(({ nodeId }) => nodeId !== this.#self.nodeId);
  }

  lives({ nodeId, incarnation }: NodeIdentity): boolean {
    if (nodeId === this.#self.nodeId) return incarnation === this.#self.incarnation;
    return this.#records.get(nodeId)?.incarnation === incarnation;
  }
}

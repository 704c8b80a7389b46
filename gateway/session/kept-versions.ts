import type { Clock, Timer } from '../../config/clock.js';
import { treeLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { TreeLibrary } from '../trees/tree-library.js';
import type { TreeLease } from '../trees/tree-shelf.js';
import type { SnapshotStore } from './snapshot-store.js';

export interface KeptVersionsDeps {
  readonly trees: Pick<TreeLibrary, 'leaseVersion'>;
  readonly snapshots: Pick<SnapshotStore, 'versions'>;
  /** How long a kept conversation waits to be taken up. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The tree versions of conversations that outlived the last process, in memory before the first of them is taken up: a
 * platform may press keys as soon as its RECOGNIZE is in progress, when reading a version would still take half a second.
 *
 * Held until no such conversation can be left; at most `treeLimits.versionsAtStart`, others are read when they are wanted.
 */
export class KeptVersions {
  #leases: readonly TreeLease[];
  #expiry: Timer | null;

  private constructor(leases: readonly TreeLease[], { clock, idleMs }: KeptVersionsDeps) {
    this.#leases = leases;
    this.#expiry = leases.length > 0 ? clock.setTimer(() => this.close(), idleMs) : null;
  }

  /** Resolves when they are loaded; never rejects. */
  static async hold(deps: KeptVersionsDeps): Promise<KeptVersions> {
    const { logger, snapshots, trees } = deps;
    const leases: TreeLease[] = [];
    const kept = await snapshots.versions();
    for (const { tree, version } of kept.slice(0, treeLimits.versionsAtStart)) {
      const lease = await trees.leaseVersion(tree, version);
      if (lease) leases.push(lease);
    }
    if (kept.length > 0)
      logger.info('tree versions of kept conversations are ready', {
        versions: leases.length,
        wanted: kept.length,
        conversations: kept.reduce((sum, { conversations }) => sum + conversations, 0),
      });
    return new KeptVersions(leases, deps);
  }

  /** Versions held. */
  get size(): number {
    return this.#leases.length;
  }

  /** Gives them back; idempotent. */
  close(): void {
    this.#expiry?.cancel();
    this.#expiry = null;
    for (const lease of this.#leases) lease.release();
    this.#leases = [];
  }
}

import { canaryTest, type CanarySplit, type SessionFacts } from './canary.js';
import type { LiveRecord, StoredVersion } from './tree-store.js';
import { releaseScorers } from './tree-scorers.js';
import { sameVersion, type TreeVersion, type VersionOrigin, type VersionRef } from './tree-version.js';

/** A version held by one session; `release` gives it back, twice counts once. */
export interface TreeLease {
  readonly version: TreeVersion;
  release(): void;
}

/** Versions in force; what new sessions are given. */
export interface LiveVersions {
  readonly active: TreeVersion;
  /** What `rollback` returns to; it need not be in memory. */
  readonly previous: VersionRef | null;
  readonly canary: { readonly version: TreeVersion; readonly split: CanarySplit } | null;
}

export interface VersionReport extends VersionRef {
  readonly state: 'active' | 'previous' | 'canary' | 'staged' | 'kept';
  readonly origin: VersionOrigin;
  /** Unix milliseconds. */
  readonly sinceMs: number;
  /** Sessions that are on it. */
  readonly sessions: number;
  readonly loaded: boolean;
}

interface Row {
  readonly version: TreeVersion;
  sessions: number;
}

/**
 * The versions of one tree: those in force, those that sessions are still on, and the names of those on disk.
 *
 * A version is in memory while it is active, previous, canary or staged (uploaded last), or a session is on it; after
 * that its scorers are released.
 */
export class TreeShelf {
  readonly #rows = new Map<string, Row>();
  readonly #stored = new Map<string, StoredVersion>();
  #live: LiveVersions;
  #staged: TreeVersion | null = null;
  #inCanary: ((facts: SessionFacts) => boolean) | null = null;

  constructor(
    readonly name: string,
    live: LiveVersions,
    stored: readonly StoredVersion[],
  ) {
    this.#live = live;
    for (const version of stored) this.#stored.set(version.sha256, version);
    this.goLive(live);
  }

  get live(): LiveVersions {
    return this.#live;
  }

  get active(): TreeVersion {
    return this.#live.active;
  }

  /** Versions in memory. */
  get loaded(): number {
    return this.#rows.size;
  }

  get stored(): readonly StoredVersion[] {
    return [...this.#stored.values()];
  }

  /** The version that a new session gets; it stays on it until it gives it back. */
  lease(facts: SessionFacts): TreeLease {
    const { active, canary } = this.#live;
    return this.hold(canary && this.#inCanary?.(facts) === true ? canary.version : active);
  }

  /** Keeps a version in memory until it is released. */
  hold(version: TreeVersion): TreeLease {
    const row = this.#row(version);
    row.sessions++;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      row.sessions--;
      this.#sweep();
    };
    return { version: row.version, release };
  }

  /** The swap: sessions that begin from now on get these. */
  goLive(live: LiveVersions): void {
    this.#live = live;
    this.#row(live.active);
    const { canary } = live;
    if (canary) this.#row(canary.version);
    this.#inCanary = canary && canaryTest(this.name, canary.version, canary.split);
    if (
      this.#staged &&
      (sameVersion(this.#staged, live.active) || sameVersion(this.#staged, canary?.version ?? null))
    )
      this.#staged = null;
    this.#sweep();
  }

  /** Keeps an uploaded version in memory until it goes live or the next one is uploaded. */
  stage(version: TreeVersion): void {
    this.#staged = version;
    this.#row(version);
    this.#sweep();
  }

  wasStored(version: StoredVersion): void {
    this.#stored.set(version.sha256, version);
  }

  wasRemoved({ sha256 }: VersionRef): void {
    this.#stored.delete(sha256);
  }

  /** The version in memory, or null. */
  find({ sha256 }: VersionRef): TreeVersion | null {
    return this.#rows.get(sha256)?.version ?? null;
  }

  /** Every version that is in memory or on disk, the oldest first. */
  known(): readonly VersionRef[] {
    const known = new Map<string, VersionRef>(this.#stored);
    for (const { version } of this.#rows.values())
      if (!known.has(version.sha256)) known.set(version.sha256, version);
    return [...known.values()];
  }

  /** Stored versions that nothing needs, the oldest first. */
  disposable(): readonly StoredVersion[] {
    return this.stored.filter((version) => {
      const sessions = this.#rows.get(version.sha256)?.sessions ?? 0;
      return sessions === 0 && this.#stateOf(version) === 'kept';
    });
  }

  record(live: LiveVersions = this.#live): LiveRecord {
    return { active: live.active, previous: live.previous, canary: live.canary };
  }

  /** Every known version, the highest number first. */
  report(): VersionReport[] {
    return this.known()
      .map((ref) => this.#reportOf(ref))
      .sort((a, b) => b.version - a.version || b.sinceMs - a.sinceMs);
  }

  #reportOf(ref: VersionRef): VersionReport {
    const row = this.#rows.get(ref.sha256);
    return {
      version: ref.version,
      sha256: ref.sha256,
      state: this.#stateOf(ref),
      origin: row?.version.origin ?? 'deployed',
      sinceMs: this.#stored.get(ref.sha256)?.savedAtMs ?? row?.version.loadedAtMs ?? 0,
      sessions: row?.sessions ?? 0,
      loaded: row !== undefined,
    };
  }

  #stateOf(ref: VersionRef): VersionReport['state'] {
    const { active, previous, canary } = this.#live;
    if (sameVersion(ref, active)) return 'active';
    if (sameVersion(ref, canary?.version ?? null)) return 'canary';
    if (sameVersion(ref, previous)) return 'previous';
    return sameVersion(ref, this.#staged) ? 'staged' : 'kept';
  }

  #row(version: TreeVersion): Row {
    let row = this.#rows.get(version.sha256);
    if (!row) {
      row = { version, sessions: 0 };
      this.#rows.set(version.sha256, row);
    } else if (row.version !== version) {
      // Loaded a second time while the first one was still here: that one stays, since sessions may be on it.
      releaseScorers(version.scorers, version.tree);
    }
    return row;
  }

  #sweep(): void {
    for (const [sha256, { version, sessions }] of this.#rows) {
      if (sessions > 0 || this.#stateOf(version) !== 'kept') continue;
      this.#rows.delete(sha256);
      releaseScorers(version.scorers, version.tree);
    }
  }
}

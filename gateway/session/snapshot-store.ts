import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { Clock, Timer } from '../../config/clock.js';
import { gatewayLimits, snapshotLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import { serializeState } from '../../dialog/snapshot.js';
import type { DialogState } from '../../dialog/state.js';
import { writeAtomically } from '../trees/atomic-file.js';
import type { VersionRef } from '../trees/tree-version.js';

/** A conversation as it stood after a turn, and the tree version it was on. */
export interface ConversationSnapshot {
  /** Key of `dialog.trees`. */
  readonly tree: string;
  readonly version: VersionRef;
  readonly state: DialogState;
}

/** What is read back; `state` is for `restoreState` to judge. */
export interface StoredSnapshot {
  readonly tree: string;
  readonly version: VersionRef;
  readonly state: unknown;
}

export interface SnapshotStoreDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface SnapshotStoreOptions {
  readonly directory: string;
  /** How long a conversation is kept after its last turn. */
  readonly idleMs: number;
  readonly maxSnapshots?: number;
  readonly maxTotalBytes?: number;
}

/** A tree version and how many kept conversations are on it. */
export interface KeptVersion {
  readonly tree: string;
  readonly version: VersionRef;
  readonly conversations: number;
}

const fileFormat = 1;
const fileShape = z.object({
  format: z.literal(fileFormat),
  key: z.string(),
  savedAtMs: z.number(),
  tree: z.string(),
  version: z.object({ version: z.number(), sha256: z.string() }),
  state: z.unknown(),
});

interface Row {
  savedAtMs: number;
  bytes: number;
}

/**
 * Conversations on disk, one file each, named by a hash of the platform's key.
 *
 * `save` and `remove` return at once: a writer behind them does one file at a time and only the last word on each key,
 * so that a burst of turns costs one write. Bounded in number and bytes: the one saved longest ago goes first.
 */
export class SnapshotStore {
  readonly #options: Required<SnapshotStoreOptions>;
  readonly #deps: SnapshotStoreDeps;
  /** By file name, the one saved longest ago first. */
  readonly #rows = new Map<string, Row>();
  #totalBytes = 0;
  /** Last word on each key: what to write, or null to remove it. */
  readonly #pending = new Map<string, ConversationSnapshot | null>();
  /** The key whose file is being written. */
  #current: string | null = null;
  #writing: Promise<void> | null = null;
  #expiry: Timer | null = null;
  #closed = false;

  private constructor(options: Required<SnapshotStoreOptions>, deps: SnapshotStoreDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Looks what is there and removes what has expired. A directory that cannot be read is logged and holds nothing. */
  static async open(options: SnapshotStoreOptions, deps: SnapshotStoreDeps): Promise<SnapshotStore> {
    const { maxSnapshots = gatewayLimits.sessions, maxTotalBytes = snapshotLimits.totalBytes } = options;
    const store = new SnapshotStore({ ...options, maxSnapshots, maxTotalBytes }, deps);
    try {
      await store.#look();
    } catch (err) {
      deps.logger.error('kept conversations cannot be read', { directory: options.directory, err });
    }
    return store;
  }

  /** Conversations on disk. */
  get size(): number {
    return this.#rows.size;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  save(key: string, snapshot: ConversationSnapshot): void {
    if (key.length <= snapshotLimits.keyCharacters) this.#put(key, snapshot);
  }

  remove(key: string): void {
    if (this.#pending.has(key) || this.#current === key || this.#rows.has(fileOf(key))) this.#put(key, null);
  }

  /** The conversation of a key, or null when there is none, it has expired or cannot be read. Never rejects. */
  async read(key: string): Promise<StoredSnapshot | null> {
    const waiting = this.#pending.get(key);
    if (waiting) return { ...waiting, state: serializeState(waiting.state) };
    const row = this.#rows.get(fileOf(key));
    if (!row || waiting === null) return null;
    try {
      const path = this.#pathOf(fileOf(key));
      const text = row.bytes > snapshotLimits.bytes ? '' : await readFile(path, 'utf8');
      const { key: writtenFor, savedAtMs, tree, version, state } = fileShape.parse(JSON.parse(text));
      const fresh = savedAtMs + this.#options.idleMs > this.#deps.clock.epochMs();
      if (writtenFor === key && fresh) return { tree, version, state };
    } catch (err) {
      this.#deps.logger.warn('a kept conversation cannot be read', { err });
    }
    this.remove(key);
    return null;
  }

  /** The tree versions that conversations on disk are on, the one of most conversations first. Never rejects. */
  async versions(): Promise<KeptVersion[]> {
    const found = new Map<string, KeptVersion>();
    for (const [file, { bytes }] of [...this.#rows]) {
      const kept = bytes > snapshotLimits.bytes ? null : await readKept(this.#pathOf(file));
      if (!kept) continue;
      const { tree, version } = kept;
      const id = `${version.sha256} ${tree}`;
      found.set(id, { tree, version, conversations: (found.get(id)?.conversations ?? 0) + 1 });
    }
    return [...found.values()].sort((a, b) => b.conversations - a.conversations);
  }

  /** Resolves when everything that was saved so far is on disk or was given up. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Writes what is waiting; what is saved afterwards is ignored. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#expiry?.cancel();
    this.#expiry = null;
    await this.flush();
  }

  #put(key: string, snapshot: ConversationSnapshot | null): void {
    if (this.#closed) return;
    this.#pending.set(key, snapshot);
    this.#start();
  }

  #start(): void {
    this.#writing ??= this.#write().then(() => {
      this.#writing = null;
      // What came in since the writer found nothing more to do.
      if (this.#pending.size > 0) this.#start();
    });
  }

  async #write(): Promise<void> {
    for (const [key, snapshot] of this.#pending) {
      this.#pending.delete(key);
      this.#current = key;
      try {
        if (snapshot) await this.#writeOne(key, snapshot);
        else await this.#forget(fileOf(key));
      } catch (err) {
        this.#deps.logger.error('a conversation could not be kept', { err });
      }
    }
    this.#current = null;
    this.#arm();
  }

  async #writeOne(key: string, { state, tree, version }: ConversationSnapshot): Promise<void> {
    const savedAtMs = this.#deps.clock.epochMs();
    const { sha256 } = version;
    const file = { format: fileFormat, key, savedAtMs, tree, version: { version: version.version, sha256 } };
    const text = JSON.stringify({ ...file, state: serializeState(state) });
    const bytes = Buffer.byteLength(text);
    if (bytes > snapshotLimits.bytes) {
      this.#deps.logger.warn('a conversation is too large to be kept', { bytes, most: snapshotLimits.bytes });
      await this.#forget(fileOf(key));
      return;
    }
    await writeAtomically(this.#pathOf(fileOf(key)), text, false);
    this.#record(fileOf(key), { savedAtMs, bytes });
    const { maxSnapshots, maxTotalBytes } = this.#options;
    while (this.#rows.size > maxSnapshots || this.#totalBytes > maxTotalBytes) await this.#forgetOldest();
  }

  async #look(): Promise<void> {
    const { directory } = this.#options;
    const found: [string, Row][] = [];
    for (const file of await readdir(directory).catch(emptyIfAbsent)) {
      if (!/^[0-9a-f]{64}\.json$/.test(file)) {
        if (file.endsWith('.partial')) await rm(join(directory, file), { force: true });
        continue;
      }
      const { mtimeMs, size } = await stat(join(directory, file));
      found.push([file, { savedAtMs: mtimeMs, bytes: size }]);
    }
    found.sort(([, a], [, b]) => a.savedAtMs - b.savedAtMs);
    for (const [file, row] of found) this.#record(file, row);
    await this.#expire();
  }

  async #expire(): Promise<void> {
    const before = this.#deps.clock.epochMs() - this.#options.idleMs;
    for (const [file, { savedAtMs }] of this.#rows) {
      if (savedAtMs > before) break;
      await this.#forget(file);
    }
    this.#arm();
  }

  /** One timer, for the conversation that expires next. */
  #arm(): void {
    const [oldest] = this.#rows.values();
    if (!oldest || this.#expiry || this.#closed) return;
    const inMs = oldest.savedAtMs + this.#options.idleMs - this.#deps.clock.epochMs();
    this.#expiry = this.#deps.clock.setTimer(
      () => {
        this.#expiry = null;
        this.#expire().catch((err: unknown) =>
          this.#deps.logger.error('expired conversations could not be removed', { err }),
        );
      },
      Math.max(1_000, inMs),
    );
  }

  #record(file: string, row: Row): void {
    this.#totalBytes += row.bytes - (this.#rows.get(file)?.bytes ?? 0);
    this.#rows.delete(file);
    this.#rows.set(file, row);
  }

  async #forgetOldest(): Promise<void> {
    const [oldest] = this.#rows.keys();
    if (oldest !== undefined) await this.#forget(oldest);
  }

  async #forget(file: string): Promise<void> {
    const row = this.#rows.get(file);
    if (!row) return;
    this.#rows.delete(file);
    this.#totalBytes -= row.bytes;
    await rm(this.#pathOf(file), { force: true });
  }

  #pathOf(file: string): string {
    return join(this.#options.directory, file);
  }
}

/** Null for one that cannot be read: whoever wants to take it up is told why. */
async function readKept(path: string): Promise<Pick<StoredSnapshot, 'tree' | 'version'> | null> {
  try {
    return fileShape.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

function fileOf(key: string): string {
  return `${createHash('sha256').update(key, 'utf8').digest('hex')}.json`;
}

function emptyIfAbsent(err: unknown): string[] {
  if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return [];
  throw err;
}

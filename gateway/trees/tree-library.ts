import { treeLimits } from '../../config/limits.js';
import type { CanarySplit, SessionFacts } from './canary.js';
import { ChangeQueue } from './change-queue.js';
import {
  openShelf,
  readTreeText,
  tellProblems,
  type OpenedShelf,
  type TreeLibraryDeps,
} from './open-shelf.js';
import { problemAt, refused, type Change, type InForce, type Refused, type Uploaded } from './tree-change.js';
import type { TreeSource } from './tree-loader.js';
import type { TreeShelf, LiveVersions, TreeLease, VersionReport } from './tree-shelf.js';
import {
  refOf,
  sameVersion,
  sha256Of,
  TreeError,
  type Bot,
  type TreeVersion,
  type VersionRef,
} from './tree-version.js';

export interface TreeLibraryOptions {
  /** Path of the YAML file by tree name. */
  readonly files: Readonly<Record<string, string>>;
  /** The tree that answers when nothing chooses another. */
  readonly defaultId: string;
}

/**
 * The trees of this node in their versions: new sessions get the active one (or the canary), running ones keep theirs.
 *
 * Changes are made one at a time: first checked, then written to disk, then swapped in one assignment, so that neither
 * a bad tree nor a full disk nor the end of the process leaves anything half done.
 */
export class TreeLibrary {
  readonly #entries: ReadonlyMap<string, OpenedShelf>;
  readonly #standard: OpenedShelf;
  readonly #deps: TreeLibraryDeps;
  readonly #queue = new ChangeQueue();

  private constructor(
    entries: ReadonlyMap<string, OpenedShelf>,
    standard: OpenedShelf,
    deps: TreeLibraryDeps,
  ) {
    this.#entries = entries;
    this.#standard = standard;
    this.#deps = deps;
  }

  /**
   * Loads every tree: the versions that were live last, or the configured file. Warnings are logged.
   *
   * Rejects with TreeError when neither can serve.
   */
  static async open(options: TreeLibraryOptions, deps: TreeLibraryDeps): Promise<TreeLibrary> {
    const entries = new Map<string, OpenedShelf>();
    for (const [id, file] of Object.entries(options.files)) entries.set(id, await openShelf(id, file, deps));
    const standard = entries.get(options.defaultId);
    if (!standard) throw new TreeError(`dialog.tree: there is no tree "${options.defaultId}"`);
    return new TreeLibrary(entries, standard, deps);
  }

  /** The active version of the tree that answers when nothing chooses another. */
  get default(): Bot {
    return this.#standard.shelf.active;
  }

  /** The active version of a tree. */
  get(id: string): Bot | null {
    return this.#entries.get(id)?.shelf.active ?? null;
  }

  /** The active version of every tree. */
  all(): readonly Bot[] {
    return [...this.#entries.values()].map(({ shelf }) => shelf.active);
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** The version for a new session of a tree (of the default one for an unknown name); to be released at its end. */
  lease(id: string | null, facts: SessionFacts): TreeLease {
    const entry = (id === null ? null : this.#entries.get(id)) ?? this.#standard;
    return entry.shelf.lease(facts);
  }

  /** A certain version, loaded when it is not in memory; null when it is gone or cannot serve. Never rejects. */
  async leaseVersion(id: string, ref: VersionRef): Promise<TreeLease | null> {
    const shelf = this.#entries.get(id)?.shelf;
    if (!shelf) return null;
    const loaded = shelf.find(ref);
    if (loaded) return shelf.hold(loaded);
    try {
      return await this.#queue.run(async () => {
        const version = shelf.find(ref) ?? (await this.#loadStored(shelf, ref));
        return version && shelf.hold(version);
      });
    } catch (err) {
      this.#deps.logger.warn('a tree version could not be loaded', { tree: id, version: ref.version, err });
      return null;
    }
  }

  /** Null for an unknown name. */
  report(id: string): (InForce & { readonly versions: readonly VersionReport[] }) | null {
    const shelf = this.#entries.get(id)?.shelf;
    return shelf ? { ...inForce(shelf.live), versions: shelf.report() } : null;
  }

  /**
   * Checks a text, prepares it and keeps it, without giving it to anyone. The same text again changes nothing.
   *
   * `file` names it in problems.
   */
  upload(id: string, text: string, file: string): Promise<Change<Uploaded>> {
    return this.#change<Uploaded>(id, async ({ shelf }) => {
      const sha256 = sha256Of(text);
      const known = shelf.known().find((version) => version.sha256 === sha256);
      if (known) return { ok: true, value: { ...refOf(known), created: false, warnings: [] } };
      const source: TreeSource = { id, text, file, origin: 'deployed' };
      const { parts, problems } = await this.#deps.loader.examine(source);
      if (!parts) return refused('invalid-tree', 'body', 'the tree has errors', 'correct them', problems);
      const { raw } = parts;
      const unfit = this.#unfit(shelf, { version: raw.version, sha256 }, raw.tree, source);
      if (unfit) return unfit;
      const version = await this.#deps.loader.build(source, parts);
      await this.#store(shelf, version);
      shelf.stage(version);
      await this.#prune(shelf);
      this.#deps.logger.info('tree version uploaded', { tree: id, version: version.version, sha256 });
      return { ok: true, value: { ...refOf(version), created: true, warnings: problems } };
    });
  }

  /** Gives a version to all new sessions, or with `split` to some of them. */
  activate(id: string, number: number, split: CanarySplit | null = null): Promise<Change<InForce>> {
    return this.#change<InForce>(id, async (entry) => {
      const { shelf } = entry;
      const ref = shelf.known().findLast(({ version }) => version === number);
      const version = ref && (shelf.find(ref) ?? (await this.#loadStored(shelf, ref)));
      if (!version) return this.#unknownVersion(shelf, number);
      const { active, previous } = shelf.live;
      const same = sameVersion(version, active);
      if (split && same)
        return refused(
          'version-taken',
          'version',
          `version ${number} is live already`,
          'name another version',
        );
      const live: LiveVersions = split
        ? { active, previous, canary: { version, split } }
        : { active: version, previous: same ? previous : refOf(active), canary: null };
      await this.#goLive(entry, live, split ? 'tree canary started' : 'tree version live');
      return { ok: true, value: inForce(shelf.live) };
    });
  }

  /** Ends a canary; without one, back to the version that was active before. */
  rollback(id: string): Promise<Change<InForce>> {
    return this.#change<InForce>(id, async (entry) => {
      const { shelf } = entry;
      const { active, previous, canary } = shelf.live;
      if (canary) {
        await this.#goLive(entry, { active, previous, canary: null }, 'tree canary ended');
        return { ok: true, value: inForce(shelf.live) };
      }
      if (!previous) {
        const fix = 'activate one of the versions that are kept';
        return refused('nothing-to-roll-back', '', `"${id}" has no version before this one`, fix);
      }
      const version = shelf.find(previous) ?? (await this.#loadStored(shelf, previous));
      if (!version) return this.#unknownVersion(shelf, previous.version);
      await this.#goLive(entry, { active: version, previous: null, canary: null }, 'tree rolled back');
      return { ok: true, value: inForce(shelf.live) };
    });
  }

  /** Reads the configured files again: one that changed and is right goes live, a bad one is logged. Never rejects. */
  async reload(): Promise<void> {
    for (const id of this.names) {
      const change = await this.#change(id, (entry) => this.#reload(id, entry));
      if (!change.ok && change.refusal.code !== 'invalid-tree')
        this.#deps.logger.error('dialog tree not reloaded, the old one stays', {
          tree: id,
          reason: change.refusal.message,
        });
    }
  }

  async #reload(id: string, entry: OpenedShelf): Promise<Change<null>> {
    const { logger, loader } = this.#deps;
    const { shelf, file } = entry;
    const text = await readTreeText(file);
    const sha256 = sha256Of(text);
    if (sha256 === entry.configuredSha256) return { ok: true, value: null };
    const source: TreeSource = { id, text, file, origin: 'configured' };
    const { parts, problems } = await loader.examine(source);
    tellProblems(logger, id, problems);
    if (!parts) {
      logger.error('dialog tree refused, the old one stays', { tree: id, version: shelf.active.version });
      return refused('invalid-tree', 'file', 'the tree has errors', 'correct them', problems);
    }
    entry.configuredSha256 = sha256;
    const other = shelf.known().find((ref) => ref.version === parts.raw.version && ref.sha256 !== sha256);
    if (other) logger.warn('dialog tree changed without a new version number', { tree: id, ...refOf(other) });
    const { active } = shelf.live;
    if (sha256 === active.sha256) return { ok: true, value: null };
    const version = shelf.find({ version: parts.raw.version, sha256 }) ?? (await loader.build(source, parts));
    const live = { active: version, previous: refOf(active), canary: null };
    if (entry.persisted) await this.#goLive(entry, live, 'tree version live');
    else this.#swap(entry, live, 'tree version live');
    return { ok: true, value: null };
  }

  /** One change of one tree after the other; what goes wrong on the way is a refusal. */
  async #change<T>(id: string, job: (entry: OpenedShelf) => Promise<Change<T>>): Promise<Change<T>> {
    const entry = this.#entries.get(id);
    if (!entry) {
      const message = `there is no tree "${id}"; known: ${this.names.join(', ')}`;
      const called = [...this.#entries].find(([, { shelf }]) => shelf.active.tree.id === id)?.[0];
      const fix = called === undefined ? '' : `write --tree ${called}, as this tree is called here, `;
      return refused('unknown-tree', 'NAME', message, `${fix}add it to dialog.trees, or correct the name`);
    }
    try {
      const done = await this.#queue.run(() => job(entry));
      return done ?? refused('busy', '', 'too many changes of trees are waiting', 'try again in a moment');
    } catch (err) {
      this.#deps.logger.error('a change of a tree failed, nothing was changed', { tree: id, err });
      return refused(
        'failed',
        '',
        err instanceof Error ? err.message : String(err),
        'see the log of the server',
      );
    }
  }

  /** A right tree that must not go under this name or number. */
  #unfit(shelf: TreeShelf, ref: VersionRef, treeId: string, { text, file }: TreeSource): Refused | null {
    const { tree } = shelf.active;
    if (treeId !== tree.id) {
      const message = `this is the tree "${treeId}", and "${shelf.name}" is the tree "${tree.id}"`;
      const fix = `write tree: ${tree.id}, or deploy it under its own name`;
      return refused('invalid-tree', 'tree', message, fix, [problemAt('tree', text, file, message, fix)]);
    }
    const known = shelf.known();
    if (!known.some(({ version }) => version === ref.version)) return null;
    const next = Math.max(...known.map(({ version }) => version)) + 1;
    const message = `version ${ref.version} is taken by another text`;
    const fix = `raise version to ${next}`;
    return refused('version-taken', 'version', message, fix, [
      problemAt('version', text, file, message, fix),
    ]);
  }

  #unknownVersion(shelf: TreeShelf, number: number): Refused {
    const known = shelf.known().map(({ version }) => version);
    const message = `"${shelf.name}" has no usable version ${number}; known: ${known.join(', ')}`;
    return refused('unknown-version', 'version', message, 'name one of these, or deploy the file again');
  }

  async #loadStored(shelf: TreeShelf, ref: VersionRef): Promise<TreeVersion | null> {
    const text = await this.#deps.store.read(shelf.name, ref);
    if (text === null) return null;
    const file = `${shelf.name}.yaml`;
    const source: TreeSource = { id: shelf.name, text, file, origin: 'deployed' };
    const { parts } = await this.#deps.loader.examine(source);
    return parts && this.#deps.loader.build(source, parts);
  }

  /** Disk first: what a restart would find is never older than what sessions got. */
  async #goLive(entry: OpenedShelf, live: LiveVersions, message: string): Promise<void> {
    const { shelf } = entry;
    const previous = live.previous && shelf.find(live.previous);
    for (const version of [live.active, previous, live.canary?.version])
      if (version) await this.#store(shelf, version);
    await this.#deps.store.writeLive(shelf.name, shelf.record(live));
    entry.persisted = true;
    this.#swap(entry, live, message);
  }

  #swap({ shelf }: OpenedShelf, live: LiveVersions, message: string): void {
    shelf.goLive(live);
    this.#deps.logger.info(message, {
      tree: shelf.name,
      version: live.active.version,
      previous: live.previous?.version ?? null,
      canary: live.canary && { version: live.canary.version.version, ...live.canary.split },
    });
  }

  async #store(shelf: TreeShelf, version: TreeVersion): Promise<void> {
    if (shelf.stored.some((stored) => sameVersion(stored, version))) return;
    await this.#deps.store.save(shelf.name, version, version.text);
    shelf.wasStored({ ...refOf(version), savedAtMs: version.loadedAtMs });
  }

  async #prune(shelf: TreeShelf): Promise<void> {
    const extra = shelf.stored.length - treeLimits.keptVersions;
    for (const version of shelf.disposable().slice(0, Math.max(0, extra))) {
      await this.#deps.store.remove(shelf.name, version);
      shelf.wasRemoved(version);
    }
  }
}

function inForce({ active, previous, canary }: LiveVersions): InForce {
  return {
    active: refOf(active),
    previous,
    canary: canary && { version: refOf(canary.version), split: canary.split },
  };
}

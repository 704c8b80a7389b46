import { readFile, stat } from 'node:fs/promises';

import { dialogLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import { examineTree } from '../../dialog/load.js';
import type { TreeProblem } from '../../dialog/tree-problem.js';
import type { ExamineTree } from './tree-examiner.js';
import type { TreeLoader } from './tree-loader.js';
import { TreeShelf, type LiveVersions } from './tree-shelf.js';
import type { LiveReading, LiveRecord, StoredVersion, TreeStore } from './tree-store.js';
import { sameVersion, sha256Of, TreeError, type TreeVersion, type VersionRef } from './tree-version.js';

export interface TreeLibraryDeps {
  readonly loader: TreeLoader;
  readonly store: TreeStore;
  readonly logger: Logger;
}

/** A tree as it is found at the start of the process. */
export interface OpenedShelf {
  readonly shelf: TreeShelf;
  readonly file: string;
  /** Of the configured file when it was last read; null when it could not be. */
  configuredSha256: string | null;
  /** What is in force is on disk, too; from the first activation on. */
  persisted: boolean;
}

/** Before there are calls, nobody is held up by an examination on the main thread. */
const examineHere: ExamineTree = (text, file) => Promise.resolve(examineTree(text, file));

/**
 * Finds the versions of one tree that were live last, or else takes the configured file, and says in the log which.
 *
 * Rejects with TreeError when neither can serve.
 */
export async function openShelf(id: string, file: string, deps: TreeLibraryDeps): Promise<OpenedShelf> {
  const configured = await readTreeText(file).catch(() => null);
  const configuredSha256 = configured === null ? null : sha256Of(configured);
  const { reading, stored } = await readStore(id, deps);
  if (reading.type === 'live') {
    const live = await loadLive(id, reading.live, deps);
    if (live) {
      deps.logger.info('deployed dialog tree in force', {
        tree: id,
        version: live.active.version,
        sha256: live.active.sha256,
        ...(live.active.sha256 === configuredSha256 ? {} : { insteadOf: file }),
      });
      return { shelf: new TreeShelf(id, live, stored), file, configuredSha256, persisted: true };
    }
  }
  if (configured === null)
    throw new TreeError(`${file}: the file cannot be read (correct dialog.trees.${id})`);
  const active = await loadConfigured(id, configured, file, deps);
  const live: LiveVersions = { active, previous: null, canary: null };
  return { shelf: new TreeShelf(id, live, stored), file, configuredSha256, persisted: false };
}

/** Rejects when the file cannot be read or is larger than a tree may be. */
export async function readTreeText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > 4 * dialogLimits.treeBytes) throw new Error(`${file} is too large for a tree`);
  return readFile(file, 'utf8');
}

/** Logs what is wrong with a tree, each problem with its file, line and fix. */
export function tellProblems(logger: Logger, tree: string, problems: readonly TreeProblem[]): void {
  for (const problem of problems) {
    if (problem.severity === 'warning') logger.warn('dialog tree', { tree, ...problem });
    else logger.error('dialog tree', { tree, ...problem });
  }
}

interface StoreReading {
  readonly reading: LiveReading;
  readonly stored: readonly StoredVersion[];
}

async function readStore(id: string, { store, logger }: TreeLibraryDeps): Promise<StoreReading> {
  try {
    const reading = await store.readLive(id);
    if (reading.type === 'corrupt')
      logger.error('live.json cannot be read, the configured tree is used', {
        tree: id,
        reason: reading.reason,
      });
    return { reading, stored: await store.list(id) };
  } catch (err) {
    logger.error('the stored trees cannot be read, the configured one is used', { tree: id, err });
    return { reading: { type: 'none' }, stored: [] };
  }
}

async function loadLive(id: string, live: LiveRecord, deps: TreeLibraryDeps): Promise<LiveVersions | null> {
  const active = await loadStored(id, live.active, deps);
  if (!active) return null;
  const { canary } = live;
  const version =
    canary && !sameVersion(canary.version, active) ? await loadStored(id, canary.version, deps) : null;
  return { active, previous: live.previous, canary: canary && version && { version, split: canary.split } };
}

async function loadStored(id: string, ref: VersionRef, deps: TreeLibraryDeps): Promise<TreeVersion | null> {
  const { loader, logger, store } = deps;
  const fields = { tree: id, version: ref.version, sha256: ref.sha256 };
  try {
    const text = await store.read(id, ref);
    if (text === null) {
      logger.error('a deployed tree version is missing or damaged', fields);
      return null;
    }
    const source = { id, text, file: `${id}.yaml`, origin: 'deployed' } as const;
    const { parts, problems } = await loader.examine(source, examineHere);
    if (parts) return await loader.build(source, parts);
    tellProblems(logger, id, problems);
    logger.error('a deployed tree version is not valid for this Parley', fields);
  } catch (err) {
    logger.error('a deployed tree version cannot be loaded', { ...fields, err });
  }
  return null;
}

async function loadConfigured(
  id: string,
  text: string,
  file: string,
  { loader, logger }: TreeLibraryDeps,
): Promise<TreeVersion> {
  const source = { id, text, file, origin: 'configured' } as const;
  const { parts, problems } = await loader.examine(source, examineHere);
  if (!parts) {
    const errors = problems.filter(({ severity }) => severity === 'error');
    throw new TreeError(
      errors
        .map(({ line, column, message, fix }) => `${file}:${line}:${column}: ${message} (${fix})`)
        .join('\n'),
    );
  }
  tellProblems(logger, id, problems);
  return loader.build(source, parts);
}

import { join } from 'node:path';

import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Config } from '../../config/schema.js';
import type { Random } from '../../config/random.js';
import { KeptVersions } from '../session/kept-versions.js';
import { SnapshotStore } from '../session/snapshot-store.js';
import { TurnLog } from '../turns/turn-log.js';
import { threadExaminer } from '../trees/tree-examiner.js';
import { TreeLibrary } from '../trees/tree-library.js';
import { TreeLoader } from '../trees/tree-loader.js';
import type { CreateScorers } from '../trees/tree-scorers.js';
import { TreeStore } from '../trees/tree-store.js';

/** The trees that the configuration names; rejects with TreeError when one cannot serve. */
export function openTrees(
  config: Config,
  createScorers: CreateScorers,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<TreeLibrary> {
  const { dataDirectory, tree, trees } = config.dialog;
  const loader = new TreeLoader({
    examine: threadExaminer(clock),
    createScorers,
    overrides: config.bot.noInput,
    clock,
  });
  return TreeLibrary.open(
    { files: trees, defaultId: tree },
    { loader, store: new TreeStore(dataDirectory), logger },
  );
}

/** The conversations that outlived the last process; null when the configuration does not keep any. */
export async function openSnapshots(
  config: Config,
  idleMs: number,
  deps: { readonly clock: Clock; readonly logger: Logger },
): Promise<SnapshotStore | null> {
  const { dataDirectory, keepSessions } = config.dialog;
  if (!keepSessions) return null;
  return SnapshotStore.open({ directory: join(dataDirectory, 'sessions'), idleMs }, deps);
}

/** Loads the tree versions that those conversations are on; null when none are kept. */
export async function holdKeptVersions(
  snapshots: SnapshotStore | null,
  trees: TreeLibrary,
  idleMs: number,
  deps: { readonly clock: Clock; readonly logger: Logger },
): Promise<KeptVersions | null> {
  return snapshots && KeptVersions.hold({ snapshots, trees, idleMs, ...deps });
}

/** The log of decided turns; null when the configuration names no directory. */
export async function openTurnLog(
  { dialog }: Config,
  deps: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
): Promise<TurnLog | null> {
  const { directory, keepDays, maxBytes } = dialog.turnLog;
  return directory === null ? null : TurnLog.open({ directory, keepDays, maxBytes }, deps);
}

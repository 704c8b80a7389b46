import { join } from 'node:path';

import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Config } from '../../config/schema.js';
import { SnapshotStore } from '../session/snapshot-store.js';
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

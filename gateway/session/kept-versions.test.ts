import { expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { treeLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import type { TreeLease } from '../trees/tree-shelf.js';
import type { VersionRef } from '../trees/tree-version.js';
import { KeptVersions } from './kept-versions.js';

function fixture(count: number, gone: readonly number[] = []) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const held: number[] = [];
  const kept = Array.from({ length: count }, (_, i) => ({
    tree: 'desk',
    version: { version: i + 1, sha256: String(i + 1).padStart(64, '0') },
    conversations: count - i,
  }));
  const leaseVersion = (_tree: string, { version }: VersionRef): Promise<TreeLease | null> => {
    if (gone.includes(version)) return Promise.resolve(null);
    held.push(version);
    const release = (): void => void held.splice(held.indexOf(version), 1);
    return Promise.resolve({ version: {} as TreeLease['version'], release });
  };
  const snapshots = { versions: () => Promise.resolve(kept) };
  const hold = () =>
    KeptVersions.hold({ trees: { leaseVersion }, snapshots, idleMs: 600_000, clock, logger });
  return { clock, held, hold, logger };
}

test('versions of kept conversations are held until none of these can be left', async () => {
  const { clock, held, hold, logger } = fixture(3, [2]);
  const versions = await hold();
  expect([held, versions.size]).toEqual([[1, 3], 2]);
  expect(logger.lines.at(-1)?.fields).toEqual({ versions: 2, wanted: 3, conversations: 6 });
  clock.advance(600_000);
  expect([held, versions.size, clock.pendingTimers]).toEqual([[], 0, 0]);
  versions.close();
});

test('the versions of most conversations come first, up to the bound', async () => {
  const { clock, held, hold } = fixture(treeLimits.versionsAtStart + 2);
  const versions = await hold();
  expect(held).toEqual(Array.from({ length: treeLimits.versionsAtStart }, (_, i) => i + 1));
  versions.close();
  versions.close();
  expect([held, clock.pendingTimers]).toEqual([[], 0]);
});

test('without kept conversations nothing is held, and no timer runs', async () => {
  const { clock, hold, logger } = fixture(0);
  await hold();
  expect([clock.pendingTimers, logger.lines]).toEqual([0, []]);
});

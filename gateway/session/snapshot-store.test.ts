import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { snapshotLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { restoreState } from '../../dialog/snapshot.js';
import { initialState } from '../../dialog/state.js';
import { SnapshotStore, type ConversationSnapshot } from './snapshot-store.js';
import { treeOf } from './testing/kit.js';

const tree = treeOf();
const idleMs = 600_000;
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-snapshots-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const files = (): string[] => readdirSync(join(directory, 'sessions'));

function snapshot(phone: string): ConversationSnapshot {
  const state = { ...initialState(tree), variables: { phone } };
  return { tree: 'desk', version: { version: 1, sha256: 'a'.repeat(64) }, state };
}

async function open(more: { maxSnapshots?: number; maxTotalBytes?: number } = {}, clock = new FakeClock()) {
  clock.advance(0);
  const logger = new MemoryLogger();
  const options = { directory: join(directory, 'sessions'), idleMs, ...more };
  return { clock, logger, store: await SnapshotStore.open(options, { clock, logger }) };
}

/** A fake clock that agrees with the times that the file system writes. */
function clockOfTheDisk(): FakeClock {
  const clock = new FakeClock();
  clock.advance(Date.now() - clock.epochMs());
  return clock;
}

describe('a conversation that was saved', () => {
  test('is read by the next process, and by nobody under another key', async () => {
    const { store } = await open({}, clockOfTheDisk());
    store.save('call-1', snapshot('1234'));
    await store.close();
    const again = await open({}, clockOfTheDisk());
    const read = await again.store.read('call-1');
    expect(read).toMatchObject({ tree: 'desk', version: { version: 1 } });
    expect(restoreState(read?.state, tree)).toMatchObject({
      ok: true,
      state: { variables: { phone: '1234' } },
    });
    expect(await again.store.read('call-2')).toBeNull();
    await again.store.close();
  });

  test('is written once for many turns in a row, the last one', async () => {
    const { store } = await open();
    for (let turn = 0; turn < 50; turn++) store.save('call-1', snapshot(String(turn)));
    expect(await store.read('call-1')).toMatchObject({ state: { variables: { phone: '49' } } });
    await store.flush();
    expect([files().length, readFileSync(join(directory, 'sessions', files()[0] ?? ''), 'utf8')]).toEqual([
      1,
      expect.stringContaining('"phone":"49"'),
    ]);
    await store.close();
  });

  test('is gone when it was removed, also when that came before it was written', async () => {
    const { store } = await open();
    store.save('call-1', snapshot('1'));
    await store.flush();
    store.save('call-2', snapshot('2'));
    store.remove('call-2');
    store.remove('call-1');
    store.remove('call-3');
    expect(await store.read('call-2')).toBeNull();
    await store.flush();
    expect([files(), store.size, store.totalBytes]).toEqual([[], 0, 0]);
    await store.close();
  });

  test('names its tree version, the one of most conversations first', async () => {
    const { store } = await open({}, clockOfTheDisk());
    const on = (version: number) => ({
      ...snapshot('1'),
      version: { version, sha256: String(version).repeat(64) },
    });
    store.save('call-1', on(1));
    store.save('call-2', on(2));
    store.save('call-3', on(2));
    await store.close();
    writeFileSync(join(directory, 'sessions', `${'a'.repeat(64)}.json`), '{');
    const again = await open({}, clockOfTheDisk());
    expect(await again.store.versions()).toEqual([
      { tree: 'desk', version: { version: 2, sha256: '2'.repeat(64) }, conversations: 2 },
      { tree: 'desk', version: { version: 1, sha256: '1'.repeat(64) }, conversations: 1 },
    ]);
    await again.store.close();
  });

  test('expires after the idle time, in this process and in the next', async () => {
    const { clock, store } = await open();
    store.save('call-1', snapshot('1'));
    await store.flush();
    expect(clock.pendingTimers).toBe(1);
    clock.advance(idleMs);
    await expect.poll(files).toEqual([]);
    await store.close();
    const disk = clockOfTheDisk();
    const before = await open({}, disk);
    before.store.save('call-1', snapshot('1'));
    await before.store.close();
    disk.advance(idleMs + 1_000);
    expect((await open({}, disk)).store.size).toBe(0);
    expect([files(), disk.pendingTimers]).toEqual([[], 0]);
  });
});

describe('bounds', () => {
  test('the one saved longest ago makes room, by number', async () => {
    const { store } = await open({ maxSnapshots: 3 });
    for (const key of ['a', 'b', 'c', 'a', 'd']) {
      store.save(key, snapshot(key));
      await store.flush();
    }
    expect([await store.read('b'), (await store.read('a'))?.tree, files().length]).toEqual([null, 'desk', 3]);
    await store.close();
  });

  test('and by bytes', async () => {
    const { store } = await open({ maxTotalBytes: 5_000 });
    for (let i = 0; i < 20; i++) store.save(String(i), snapshot('x'.repeat(1_000)));
    await store.flush();
    expect(store.totalBytes).toBeLessThanOrEqual(5_000);
    expect(store.size).toBe(files().length);
    expect(store.size).toBeGreaterThan(1);
    await store.close();
  });

  test(`one of more than ${snapshotLimits.bytes} bytes is not kept, nor what was kept before it`, async () => {
    const { logger, store } = await open();
    store.save('a', snapshot('1'));
    await store.flush();
    store.save('a', snapshot('x'.repeat(snapshotLimits.bytes)));
    await store.flush();
    expect([files(), logger.lines.at(-1)?.message]).toEqual([[], 'a conversation is too large to be kept']);
    store.save('k'.repeat(snapshotLimits.keyCharacters + 1), snapshot('1'));
    await store.flush();
    expect(files()).toEqual([]);
    await store.close();
  });

  test('after close nothing is written and no timer runs', async () => {
    const { clock, store } = await open();
    store.save('a', snapshot('1'));
    await store.close();
    store.save('b', snapshot('1'));
    await store.flush();
    expect([files().length, clock.pendingTimers]).toEqual([1, 0]);
  });
});

describe('what is damaged', () => {
  test.each([
    ['cut off', (text: string) => text.slice(0, 40)],
    ['of another key', (text: string) => text.replace('"key":"a"', '"key":"b"')],
    ['of another format', (text: string) => text.replace('"format":1', '"format":7')],
  ])('%s counts as nothing and is removed', async (_what, damage) => {
    const { store } = await open();
    store.save('a', snapshot('1'));
    await store.flush();
    const path = join(directory, 'sessions', files()[0] ?? '');
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    expect(await store.read('a')).toBeNull();
    await store.flush();
    expect(files()).toEqual([]);
    await store.close();
  });

  test('a file that was being written when the process died is swept away', async () => {
    const { store } = await open();
    store.save('a', snapshot('1'));
    await store.close();
    writeFileSync(join(directory, 'sessions', '.x.json.1.1.partial'), 'half');
    await open({}, clockOfTheDisk());
    expect(files().length).toBe(1);
  });
});

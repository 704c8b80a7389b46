import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import { treeLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { prepareTree } from '../../dialog/candidates.js';
import { examineTree } from '../../dialog/load.js';
import { isWaiting } from '../../dialog/tree.js';
import { treeText } from '../session/testing/kit.js';
import type { SessionFacts } from './canary.js';
import type { Change } from './tree-change.js';
import type { ExamineTree } from './tree-examiner.js';
import { TreeLibrary } from './tree-library.js';
import { TreeLoader } from './tree-loader.js';
import { TreeStore } from './tree-store.js';
import { sha256Of, TreeError } from './tree-version.js';

const asWritten = { afterMs: null, max: null };
let directory = '';
let data = '';
const at = (name: string): string => join(directory, name);
const stored = (): string[] =>
  existsSync(join(data, 'trees/desk')) ? readdirSync(join(data, 'trees/desk')) : [];

/** The tree of the test kit as its author's n-th version. */
const numbered = (version: number): string => treeText.replace('language:', `version: ${version}\nlanguage:`);

const facts = (fromUser: string): SessionFacts => ({
  sessionId: 's1',
  source: '192.0.2.1',
  fromUser,
  toUser: 'bot',
  callHeader: () => undefined,
  vendorParameters: new Map(),
});

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-library-'));
});
beforeEach(() => {
  data = join(directory, `data-${Math.floor(performance.now() * 1_000)}`);
  writeFileSync(at('desk.yaml'), numbered(1));
});
afterAll(() => rmSync(directory, { recursive: true }));

const examineHere: ExamineTree = (text, file) => Promise.resolve(examineTree(text, file));

async function open(files: Record<string, string> = { desk: at('desk.yaml') }, examine = examineHere) {
  const logger = new MemoryLogger();
  const scorers: ScriptedScorer[] = [];
  const createScorers = async (tree: Parameters<typeof prepareTree>[1]) => {
    const primary = new ScriptedScorer();
    scorers.push(primary);
    await prepareTree(primary, tree);
    return { primary, fallback: null, timeoutMs: 1_000 };
  };
  const loader = new TreeLoader({ examine, createScorers, overrides: asWritten, clock: new FakeClock() });
  const defaultId = Object.keys(files)[0] ?? '';
  const library = await TreeLibrary.open(
    { files, defaultId },
    { loader, store: new TreeStore(data), logger },
  );
  /** Version of the bot that this caller gets now, given back at once. */
  const versionFor = (caller: string): number => {
    const lease = library.lease('desk', facts(caller));
    lease.release();
    return lease.version.version;
  };
  const upload = (version: number, text = numbered(version)) => library.upload('desk', text, 'desk.yaml');
  const prepared = (): number => scorers.filter(({ preparedSets }) => preparedSets > 0).length;
  return { library, logger, prepared, upload, versionFor };
}

function valueOf<T>(change: Change<T>): T {
  if (!change.ok) throw new Error(change.refusal.message);
  return change.value;
}

function refusalOf(change: Change<unknown>) {
  if (change.ok) throw new Error('it was not refused');
  return change.refusal;
}

describe('opening', () => {
  test('gives each configured tree under its name, and writes nothing', async () => {
    const { library } = await open({ first: at('desk.yaml'), second: at('desk.yaml') });
    expect([library.names, library.default.id]).toEqual([['first', 'second'], 'first']);
    expect([library.get('second')?.tree.id, library.get('third')]).toEqual(['desk', null]);
    expect(library.lease('third', facts('a')).version.id).toBe('first');
    expect(existsSync(data)).toBe(false);
  });

  test('a file with errors, a missing file and a missing default are TreeErrors that say where', async () => {
    writeFileSync(at('bad.yaml'), 'tree: bad\nstart: nowhere\nnodes:\n  bye: { end: {} }\n');
    await expect(open({ bad: at('bad.yaml') })).rejects.toBeInstanceOf(TreeError);
    await expect(open({ bad: at('bad.yaml') })).rejects.toThrow(/bad\.yaml:2:\d+: .*nowhere.* \(.+\)/);
    await expect(open({ gone: at('gone.yaml') })).rejects.toThrow(/gone\.yaml: the file cannot be read/);
    await expect(open({})).rejects.toThrow('there is no tree ""');
  });

  test('logs what a tree is warned of', async () => {
    writeFileSync(at('warned.yaml'), `${treeText}  lonely: { end: { say: Never. } }\n`);
    const { logger } = await open({ desk: at('warned.yaml') });
    expect(logger.lines.map(({ level, message }) => `${level} ${message}`)).toContain('warn dialog tree');
  });
});

describe('a version', () => {
  test('is uploaded without being given to anyone, then activated for new sessions; running ones keep theirs', async () => {
    const { library, upload, versionFor } = await open();
    const running = library.lease('desk', facts('a'));
    expect(valueOf(await upload(2))).toMatchObject({ version: 2, created: true });
    expect(versionFor('a')).toBe(1);
    const inForce = valueOf(await library.activate('desk', 2));
    expect([inForce.active.version, inForce.previous?.version]).toEqual([2, 1]);
    expect([running.version.version, versionFor('a')]).toEqual([1, 2]);
    expect(isWaiting(running.version.tree.nodes.get('menu'))).toBe(true);
  });

  test('uploaded again with the same text is the same version', async () => {
    const { upload } = await open();
    const first = valueOf(await upload(2));
    expect(valueOf(await upload(2))).toEqual({ ...first, created: false, warnings: [] });
    expect(valueOf(await upload(1)).created).toBe(false);
  });

  test('with another text under a taken number is refused with the number to raise to', async () => {
    const { upload } = await open();
    await upload(2);
    const refusal = refusalOf(await upload(2, numbered(2).replace('Welcome', 'Hello')));
    expect(refusal).toMatchObject({ code: 'version-taken', field: 'version', fix: 'raise version to 3' });
    expect(refusal.problems).toMatchObject([{ file: 'desk.yaml', line: 2, path: 'version' }]);
  });

  test('with errors is refused with each problem in its place, and leaves everything as it was', async () => {
    const { library, upload, versionFor } = await open();
    const refusal = refusalOf(await upload(2, numbered(2).replace('go: menu', 'go: manu')));
    expect([refusal.code, refusal.field]).toEqual(['invalid-tree', 'body']);
    const errors = refusal.problems.filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([
      { file: 'desk.yaml', line: 10, path: 'nodes.hello.go', fix: 'Write "menu"' },
    ]);
    expect([versionFor('a'), library.report('desk')?.versions.length, stored()]).toEqual([1, 1, []]);
  });

  test('of another tree, of an unknown tree or with an unknown number is refused', async () => {
    const { library, upload } = await open();
    const other = refusalOf(await upload(2, numbered(2).replace('tree: desk', 'tree: till')));
    expect(other).toMatchObject({ code: 'invalid-tree', field: 'tree', problems: [{ line: 1 }] });
    const unknown = refusalOf(await library.upload('till', numbered(2), 'x'));
    expect(unknown).toMatchObject({ code: 'unknown-tree', message: 'there is no tree "till"; known: desk' });
    const renamed = (await open({ front: at('desk.yaml') })).library;
    expect(refusalOf(await renamed.upload('desk', numbered(2), 'x')).fix).toBe(
      'write --tree front, as this tree is called here, add it to dialog.trees, or correct the name',
    );
    expect(refusalOf(await library.activate('desk', 9))).toMatchObject({
      code: 'unknown-version',
      field: 'version',
    });
  });

  test('whose examination dies is refused, and the next one is examined', async () => {
    let dies = true;
    const examine: ExamineTree = (text, file) => {
      if (!dies) return examineHere(text, file);
      dies = false;
      return Promise.reject(new Error('it needs more than 512 MB; split the tree'));
    };
    const { upload } = await open(undefined, examine);
    expect(refusalOf(await upload(2))).toMatchObject({
      code: 'failed',
      message: 'it needs more than 512 MB; split the tree',
    });
    expect(valueOf(await upload(2)).created).toBe(true);
  });

  test(`beyond ${treeLimits.waitingChanges} that wait for another is refused as busy`, async () => {
    const { upload } = await open();
    const changes = await Promise.all(
      Array.from({ length: treeLimits.waitingChanges + 3 }, (_, i) => upload(2 + i)),
    );
    const busy = changes.filter((change) => !change.ok && change.refusal.code === 'busy');
    expect(busy.length).toBe(2);
  });
});

describe('what nobody uses', () => {
  test('is released, scorers and all: neither active, previous, canary nor staged, and no session on it', async () => {
    const { library, prepared, upload } = await open();
    const running = library.lease('desk', facts('a'));
    for (const version of [2, 3, 4]) {
      await upload(version);
      await library.activate('desk', version);
    }
    // 4 is active, 3 previous, 1 in use; 2 is gone.
    expect([prepared(), loadedVersions(library)]).toEqual([3, [4, 3, 1]]);
    running.release();
    running.release();
    expect([prepared(), loadedVersions(library)]).toEqual([2, [4, 3]]);
    await library.rollback('desk');
    expect([prepared(), loadedVersions(library)]).toEqual([1, [3]]);
    expect(library.report('desk')?.versions.every(({ sessions }) => sessions === 0)).toBe(true);
  });

  test(`stays on disk up to ${treeLimits.keptVersions} versions; those in force are never removed`, async () => {
    const { library, upload } = await open();
    await upload(2);
    await library.activate('desk', 2);
    for (let version = 3; version <= treeLimits.keptVersions + 5; version++) await upload(version);
    const files = stored().filter((file) => file.endsWith('.yaml'));
    expect(files.length).toBe(treeLimits.keptVersions);
    expect(files.some((file) => file.startsWith('1-')) && files.some((file) => file.startsWith('2-'))).toBe(
      true,
    );
    expect(files.some((file) => file.startsWith('3-'))).toBe(false);
  });
});

function loadedVersions(library: TreeLibrary): number[] {
  return (library.report('desk')?.versions ?? [])
    .filter(({ loaded }) => loaded)
    .map(({ version }) => version);
}

describe('a canary', () => {
  test('by percent takes its share of the callers, the same ones each time, and more of them when it grows', async () => {
    const { library, upload, versionFor } = await open();
    await upload(2);
    await library.activate('desk', 2, { percent: 25 });
    const callers = Array.from({ length: 4_000 }, (_, i) => `+4930${i}`);
    const drawn = callers.filter((caller) => versionFor(caller) === 2);
    expect(drawn.length / callers.length).toBeCloseTo(0.25, 1);
    expect(callers.filter((caller) => versionFor(caller) === 2)).toEqual(drawn);
    await library.activate('desk', 2, { percent: 60 });
    expect(drawn.every((caller) => versionFor(caller) === 2)).toBe(true);
  });

  test('draws anonymous calls one by one', async () => {
    const { library, upload } = await open();
    await upload(2);
    await library.activate('desk', 2, { percent: 50 });
    const versions = new Set<number>();
    for (let i = 0; i < 50; i++) {
      const lease = library.lease('desk', { ...facts('Anonymous'), sessionId: `s${i}` });
      versions.add(lease.version.version);
      lease.release();
    }
    expect([...versions].sort()).toEqual([1, 2]);
  });

  test('by rule takes who the rule names', async () => {
    const { library, upload, versionFor } = await open();
    await upload(2);
    const rule = {
      source: '192.0.2.0/24',
      fromUser: 'tester',
      toUser: null,
      callHeader: null,
      vendorParameter: null,
    };
    await library.activate('desk', 2, { rule });
    expect([versionFor('tester'), versionFor('someone')]).toEqual([2, 1]);
  });

  test('is promoted by activating it and ended by a rollback; of the active version it is refused', async () => {
    const { library, upload, versionFor } = await open();
    await upload(2);
    await library.activate('desk', 2, { percent: 99 });
    const ended = valueOf(await library.rollback('desk'));
    expect([ended.canary, ended.active.version, versionFor('a')]).toEqual([null, 1, 1]);
    await library.activate('desk', 2, { percent: 1 });
    const promoted = valueOf(await library.activate('desk', 2));
    expect([promoted.canary, promoted.active.version, promoted.previous?.version]).toEqual([null, 2, 1]);
    expect(refusalOf(await library.activate('desk', 2, { percent: 5 })).code).toBe('version-taken');
  });
});

describe('a rollback', () => {
  test('goes back once; there is nothing behind that', async () => {
    const { library, upload, versionFor } = await open();
    await upload(2);
    await library.activate('desk', 2);
    expect(valueOf(await library.rollback('desk')).active.version).toBe(1);
    expect(versionFor('a')).toBe(1);
    expect(refusalOf(await library.rollback('desk')).code).toBe('nothing-to-roll-back');
  });
});

describe('after a restart', () => {
  test('what was live is live, canary and previous too, whatever the configured file says', async () => {
    const before = await open();
    await before.upload(2);
    await before.library.activate('desk', 2);
    await before.upload(3);
    await before.library.activate('desk', 3, { percent: 30 });
    writeFileSync(at('desk.yaml'), 'not: a tree');
    const { library, logger, versionFor } = await open();
    expect(library.report('desk')).toMatchObject({
      active: { version: 2 },
      previous: { version: 1 },
      canary: { version: { version: 3 }, split: { percent: 30 } },
    });
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'info', message: 'deployed dialog tree in force' }),
    );
    await library.rollback('desk');
    await library.rollback('desk');
    expect(versionFor('a')).toBe(1);
  });

  test.each([
    ['live.json is no JSON', () => writeFileSync(join(data, 'trees/desk/live.json'), '{"format":1,')],
    [
      'live.json is of another format',
      () => writeFileSync(join(data, 'trees/desk/live.json'), '{"format":2}'),
    ],
    [
      'live.json is huge',
      () => writeFileSync(join(data, 'trees/desk/live.json'), ' '.repeat(treeLimits.liveFileBytes + 1)),
    ],
    ['the live version is missing', () => rmSync(join(data, `trees/desk/2-${sha256Of(numbered(2))}.yaml`))],
    [
      'the live version was edited',
      () => writeFileSync(join(data, `trees/desk/2-${sha256Of(numbered(2))}.yaml`), numbered(1)),
    ],
  ])('the configured file serves, with an error in the log, when %s', async (_what, damage) => {
    const before = await open();
    await before.upload(2);
    await before.library.activate('desk', 2);
    damage();
    const { logger, versionFor } = await open();
    expect(versionFor('a')).toBe(1);
    expect(logger.lines.filter(({ level }) => level === 'error').length).toBe(1);
  });

  test('a file that was being written when the process died is swept away', async () => {
    const before = await open();
    await before.upload(2);
    writeFileSync(join(data, 'trees/desk/.3-x.yaml.1.1.partial'), 'half a tr');
    const { library } = await open();
    expect([stored().length, library.report('desk')?.versions.map(({ version }) => version)]).toEqual([
      1,
      [2, 1],
    ]);
  });

  test('a version that is on disk only is loaded for whoever is still on it', async () => {
    const before = await open();
    await before.upload(2);
    await before.library.activate('desk', 2);
    await before.upload(3);
    await before.library.activate('desk', 3);
    const { library, prepared } = await open();
    const ref = { version: 1, sha256: sha256Of(numbered(1)) };
    const lease = await library.leaseVersion('desk', ref);
    expect([lease?.version.version, prepared()]).toEqual([1, 2]);
    lease?.release();
    expect(prepared()).toBe(1);
    expect(await library.leaseVersion('desk', { version: 1, sha256: '0'.repeat(64) })).toBeNull();
  });
});

describe('reading the configured files again', () => {
  test('takes a valid change live and remembers the way back', async () => {
    const { library, versionFor } = await open();
    writeFileSync(at('desk.yaml'), numbered(2));
    await library.reload();
    expect([versionFor('a'), library.report('desk')?.previous?.version, existsSync(data)]).toEqual([
      2,
      1,
      false,
    ]);
    await library.rollback('desk');
    expect(versionFor('a')).toBe(1);
  });

  test('keeps the old tree when the file has become bad, and says where', async () => {
    const { library, logger, versionFor } = await open();
    writeFileSync(at('desk.yaml'), numbered(2).replace('go: menu', 'go: manu'));
    await library.reload();
    expect(versionFor('a')).toBe(1);
    const problem = logger.lines.find(({ level, message }) => level === 'error' && message === 'dialog tree');
    expect(problem?.fields).toMatchObject({ file: at('desk.yaml'), path: 'nodes.hello.go' });
    expect(problem?.fields['line']).toBeGreaterThan(1);
  });

  test('leaves a deployed version alone while the file is as it was; a change of it goes live and onto disk', async () => {
    const { library, upload, versionFor } = await open();
    await upload(2);
    await library.activate('desk', 2);
    await library.reload();
    expect(versionFor('a')).toBe(2);
    writeFileSync(at('desk.yaml'), numbered(5));
    await library.reload();
    const live = JSON.parse(readFileSync(join(data, 'trees/desk/live.json'), 'utf8')) as object;
    expect([versionFor('a'), live]).toMatchObject([5, { active: { version: 5 }, previous: { version: 2 } }]);
  });

  test('a file that is gone is logged and changes nothing', async () => {
    const { library, logger, versionFor } = await open();
    rmSync(at('desk.yaml'));
    await library.reload();
    expect(versionFor('a')).toBe(1);
    expect(logger.lines.at(-1)).toMatchObject({
      level: 'error',
      message: 'dialog tree not reloaded, the old one stays',
    });
  });
});

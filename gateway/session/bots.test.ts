import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { MemoryLogger } from '../../config/logger.js';
import { isWaiting } from '../../dialog/tree.js';
import { Bots, TreeError } from './bots.js';
import { treeText } from './testing/kit.js';

let directory = '';
const file = (name: string): string => join(directory, name);
const asWritten = { afterMs: null, max: null };

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-bots-'));
  writeFileSync(file('desk.yaml'), treeText);
  writeFileSync(file('bad.yaml'), 'tree: bad\nstart: nowhere\nnodes:\n  bye: { end: {} }\n');
  writeFileSync(file('warned.yaml'), `${treeText}  lonely: { end: { say: Never. } }\n`);
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('Bots', () => {
  test('have a tree by the name of the configuration, with a scorer that knows its examples', async () => {
    const files = { first: file('desk.yaml'), second: file('desk.yaml') };
    const bots = await Bots.load(files, 'second', asWritten, new MemoryLogger());
    expect(bots.all().map(({ id }) => id)).toEqual(['first', 'second']);
    expect([bots.default.id, bots.get('first')?.tree.id, bots.get('third')]).toEqual([
      'second',
      'desk',
      null,
    ]);
    const { signal } = new AbortController();
    const scores = await bots.default.scorers.primary.score('menu', 'my bill', ['bill', 'fault'], signal);
    expect(scores[0]?.branchId).toBe('bill');
  });

  test('of a file with errors are a TreeError that names file, line and fix', async () => {
    const loading = Bots.load({ bad: file('bad.yaml') }, 'bad', asWritten, new MemoryLogger());
    await expect(loading).rejects.toBeInstanceOf(TreeError);
    await expect(loading).rejects.toThrow(/bad\.yaml:2:\d+: .*nowhere.* \(.+\)/);
  });

  test('without the default tree are a TreeError', async () => {
    const loading = Bots.load({ a: file('desk.yaml') }, 'b', asWritten, new MemoryLogger());
    await expect(loading).rejects.toThrow('there is no tree "b"');
  });

  test('log what a tree is warned of', async () => {
    const logger = new MemoryLogger();
    await Bots.load({ a: file('warned.yaml') }, 'a', asWritten, logger);
    expect(logger.lines.map(({ level, message }) => `${level} ${message}`)).toContain('warn dialog tree');
  });

  test.each([
    [asWritten, 2_000, 1],
    [{ afterMs: 9_000, max: null }, 9_000, 1],
    [{ afterMs: null, max: 5 }, 2_000, 5],
  ])('take the operator’s no-input values %j', async (overrides, noInputMs, max) => {
    const bots = await Bots.load({ a: file('desk.yaml') }, 'a', overrides, new MemoryLogger());
    const menu = bots.default.tree.nodes.get('menu');
    expect(isWaiting(menu) && [menu.noInputMs, menu.noInput.max]).toEqual([noInputMs, max]);
  });
});

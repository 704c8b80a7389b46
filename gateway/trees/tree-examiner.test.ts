import { describe, expect, test } from 'vitest';

import { FakeClock, SystemClock } from '../../config/clock.js';
import { treeLimits } from '../../config/limits.js';
import { assembleTree, loadTree } from '../../dialog/load.js';
import { treeText } from '../session/testing/kit.js';
import { largeTree } from './testing/large-tree.js';
import { threadExaminer } from './tree-examiner.js';
import { nextTurnOfLoop } from './tree-scorers.js';

const clock = new SystemClock();

describe('a tree examined in a thread', () => {
  test('and put together here is the tree that loading gives, calibrated thresholds included', async () => {
    const text = largeTree(5, 1);
    const { parts, problems } = await threadExaminer(clock)(text, 'large.yaml');
    const loaded = loadTree(text, 'large.yaml');
    expect(parts && (await assembleTree(parts, nextTurnOfLoop))).toEqual(loaded.tree);
    expect(problems).toEqual(loaded.problems);
    expect([...(parts?.thresholds.values() ?? [])].map(({ source }) => source)).toContain('calibrated');
  });

  test('is put together with a pause every few nodes', async () => {
    const text = largeTree(100, 1);
    const { parts } = await threadExaminer(clock)(text, 'large.yaml');
    let pauses = 0;
    const tree = parts && (await assembleTree(parts, () => Promise.resolve(void pauses++)));
    expect(tree?.nodes.size).toBe(101);
    // 3,100 nodes and examples, 500 at a time.
    expect(pauses).toBe(5);
  });

  test('with errors has no parts, and the problems that loading gives', async () => {
    const bad = treeText.replace('go: menu', 'go: manu');
    const { parts, problems } = await threadExaminer(clock)(bad, 'bad.yaml');
    expect([parts, problems]).toEqual([null, loadTree(bad, 'bad.yaml').problems]);
  });

  test(`is given up after ${treeLimits.loadMs} ms`, async () => {
    const fake = new FakeClock();
    const examined = threadExaminer(fake)(treeText, 'desk.yaml');
    fake.advance(treeLimits.loadMs);
    await expect(examined).rejects.toThrow(`longer than ${treeLimits.loadMs} ms`);
    expect(fake.pendingTimers).toBe(0);
  });

  test('that needs more memory than it may have is given up, and nothing else with it', async () => {
    const examine = threadExaminer(clock, { megabytes: 4 });
    await expect(examine(largeTree(60, 1), 'large.yaml')).rejects.toThrow(
      'it needs more than 4 MB; split the tree',
    );
  });
});

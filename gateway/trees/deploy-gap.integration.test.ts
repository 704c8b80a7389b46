import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { SystemClock } from '../../config/clock.js';
import { loadConfig } from '../../config/load.js';
import { MemoryLogger } from '../../config/logger.js';
import { openTrees } from '../node/open-trees.js';
import { Conversation } from '../session/conversation.js';
import { largeTree } from './testing/large-tree.js';
import { createNgramScorers } from './tree-scorers.js';

/** The longest time that the event loop did not come round while `work` was done, in milliseconds. */
async function longestGapMs(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let running = true;
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(look);
  };
  setImmediate(look);
  await work();
  running = false;
  return longest;
}

test('deploying a tree of 40 nodes in the middle of a conversation never holds it up for 50 ms', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-gap-'));
  writeFileSync(join(directory, 'large.yaml'), largeTree(40, 1));
  const env = { PARLEY__dialog__tree: 'large.yaml' };
  const { config } = loadConfig({ env, cwd: directory });
  if (!config) throw new Error('the configuration is not usable');
  const [clock, logger] = [new SystemClock(), new MemoryLogger()];
  const trees = await openTrees(config, createNgramScorers, { clock, logger });
  const { tree, scorers } = trees.default;
  const conversation = new Conversation({ sessionId: 's1', tree, scorers, clock, logger });
  await conversation.handle({ type: 'started', nowMs: 0, channel: 'voice', variables: {} });
  let turns = 0;
  const gapMs = await longestGapMs(async () => {
    const deploying = trees
      .upload('large', largeTree(40, 2), 'large.yaml')
      .then((uploaded) => (uploaded.ok ? trees.activate('large', 2) : uploaded));
    let deployed: Awaited<typeof deploying> | null = null;
    deploying.then(
      (change) => (deployed = change),
      () => undefined,
    );
    while (!deployed) {
      await conversation.handle({ type: 'text', nowMs: 0, text: 'please pay my contract', confidence: 1 });
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    expect(deployed).toMatchObject({ ok: true, value: { active: { version: 2 } } });
  });
  rmSync(directory, { recursive: true });
  expect(turns).toBeGreaterThan(10);
  expect(gapMs).toBeLessThan(50);
});

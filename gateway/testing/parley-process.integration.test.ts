import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ParleyProcess } from './parley-process.js';

/** Temporary files of this test alone, so that what is left behind can be seen. */
let directory = '';
const before = process.env['TMPDIR'];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-leaks-'));
  process.env['TMPDIR'] = directory;
});

afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(directory, { recursive: true, force: true });
});

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('ParleyProcess leaves nothing behind', () => {
  test('a start that fails tells the exit code, and its directory and timers are gone', async () => {
    const running = timers();
    const starting = ParleyProcess.start({ settings: { 'dialog.tree': 'no-such-tree' } });
    await expect(starting).rejects.toThrow(/Parley exited with 1; [^]*no-such-tree/);
    expect(readdirSync(directory)).toEqual([]);
    expect(timers()).toBeLessThanOrEqual(running);
  });

  test('a process that is stopped exits with 0, fails who still waits, and its directory is gone', async () => {
    const { parley } = await ParleyProcess.start();
    expect(readdirSync(directory)).toHaveLength(1);
    const waiting = parley.waitForLine(() => false, 60_000);
    const failed = expect(waiting).rejects.toThrow('Parley exited with 0');
    expect(await parley.stop()).toBe(0);
    await failed;
    expect(readdirSync(directory)).toEqual([]);
    await expect(parley.waitForLine(() => false, 60_000)).rejects.toThrow('has exited');
    expect(await parley.stop()).toBe(0);
  });
});

import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { MemoryLogger } from '../../config/logger.js';
import { systemRandom } from '../../config/random.js';
import { keptVisitorSecret } from './visitor-secret.js';

let directory: string;
let logger: MemoryLogger;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-visitors-'));
  logger = new MemoryLogger();
});

afterEach(() => rm(directory, { recursive: true, force: true }));

test('is made once, for its owner alone, also when two start at the same time', async () => {
  const data = join(directory, 'data');
  const made = await Promise.all([1, 2, 3].map(() => keptVisitorSecret(data, systemRandom, logger)));
  const again = await keptVisitorSecret(data, systemRandom, logger);
  expect(new Set([...made, again].map((secret) => secret.reveal())).size).toBe(1);
  expect(await readdir(data)).toEqual(['visitor-secret']);
  expect((await stat(join(data, 'visitor-secret'))).mode & 0o777).toBe(0o600);
  expect(logger.lines).toEqual([]);
});

test('one that others can read draws a warning', async () => {
  await keptVisitorSecret(directory, systemRandom, logger);
  await chmod(join(directory, 'visitor-secret'), 0o644);
  await keptVisitorSecret(directory, systemRandom, logger);
  expect(logger.lines).toMatchObject([{ level: 'warn' }]);
});

test('a damaged one is named, and never quoted', async () => {
  await writeFile(join(directory, 'visitor-secret'), 'half a sec');
  await expect(keptVisitorSecret(directory, systemRandom, logger)).rejects.toThrow(
    /visitor-secret is damaged: remove it/,
  );
  await expect(keptVisitorSecret(directory, systemRandom, logger)).rejects.not.toThrow(/half/);
});

import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import { Secret } from '../../config/secret.js';

const fileName = 'visitor-secret';
const secretBytes = 32;

/**
 * The secret for visitors' tokens that nobody configured: made at the first start and kept in `directory`, so that
 * visitors are known again after a restart.
 *
 * Only its owner may read the file; a wider one draws a warning. Rejects when it cannot be read or made.
 */
export async function keptVisitorSecret(directory: string, random: Random, logger: Logger): Promise<Secret> {
  const path = join(directory, fileName);
  const kept = (await read(path)) ?? (await make(directory, path, random));
  if (!/^[0-9a-f]{64}$/.test(kept)) throw new Error(`${path} is damaged: remove it, and a new one is made`);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    logger.warn('others can read the secret of visitors; make the file 0600', { file: path });
  return new Secret(kept);
}

async function read(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return null;
    throw err;
  }
}

/** Written whole under another name first; of two processes that make one, the first one's counts for both. */
async function make(directory: string, path: string, random: Random): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const partial = `${path}.${random.hex(8)}.partial`;
  const file = await open(partial, 'wx', 0o600);
  try {
    await file.writeFile(`${random.hex(secretBytes)}\n`, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(partial, path);
  } catch (err) {
    if (!(err instanceof Error && 'code' in err && err.code === 'EEXIST')) throw err;
  } finally {
    await rm(partial, { force: true });
  }
  return (await read(path)) ?? '';
}

import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Ends the name of a file that is being written; one that is left over belongs to a process that died. */
export const partialSuffix = '.partial';

let writes = 0;

/**
 * Writes a whole file so that a reader, also one after the process died, finds the old text or the new one and nothing
 * between; with `durable` also after the machine lost its power. `mode` are the permissions of the new file.
 *
 * Makes the directory when there is none. Rejects with the system's error; the old file is then untouched.
 */
export async function writeAtomically(
  path: string,
  text: string,
  durable = true,
  mode = 0o600,
): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const partial = join(directory, `.${basename(path)}.${process.pid}.${++writes}${partialSuffix}`);
  try {
    const file = await open(partial, 'wx', mode);
    try {
      // What is asked for, whatever the process takes away from new files.
      await file.chmod(mode);
      await file.writeFile(text, 'utf8');
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (err) {
    await rm(partial, { force: true });
    throw err;
  }
  if (durable) await syncDirectory(directory);
}

/** A rename is on the disk once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { dialogLimits, treeLimits } from '../../config/limits.js';
import { partialSuffix, writeAtomically } from './atomic-file.js';
import { canarySplit, type CanarySplit } from './canary.js';
import { refOf, sha256Of, type VersionRef } from './tree-version.js';

/** Which versions of one tree are in force; what survives a restart. */
export interface LiveRecord {
  readonly active: VersionRef;
  readonly previous: VersionRef | null;
  readonly canary: { readonly version: VersionRef; readonly split: CanarySplit } | null;
}

export interface StoredVersion extends VersionRef {
  /** Unix milliseconds. */
  readonly savedAtMs: number;
}

export type LiveReading =
  | { readonly type: 'none' }
  | { readonly type: 'live'; readonly live: LiveRecord }
  /** The file is there and says nothing usable. */
  | { readonly type: 'corrupt'; readonly reason: string };

const ref = z.strictObject({ version: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const liveFormat = 1;
const liveFile = z.strictObject({
  format: z.literal(liveFormat),
  active: ref,
  previous: ref.nullable(),
  canary: z.strictObject({ version: ref, split: canarySplit }).nullable(),
});

const versionFile = /^(\d{1,16})-([0-9a-f]{64})\.yaml$/;

/**
 * Tree versions on disk: `trees/NAME/VERSION-SHA256.yaml`, and `trees/NAME/live.json` that says which are in force.
 *
 * A version's text is checked against its name when it is read. Nothing is created before the first `save`. Methods
 * reject with the system's error, but for what is merely absent.
 */
export class TreeStore {
  readonly #directory: string;

  /** `directory` is `dialog.dataDirectory`. */
  constructor(directory: string) {
    this.#directory = join(directory, 'trees');
  }

  /** Stored versions of a tree, the oldest first; what a dead process left half-written is removed. */
  async list(name: string): Promise<StoredVersion[]> {
    const directory = this.#directoryOf(name);
    const versions: StoredVersion[] = [];
    for (const file of await namesIn(directory)) {
      if (file.endsWith(partialSuffix)) await rm(join(directory, file), { force: true });
      const [, number, sha256] = versionFile.exec(file) ?? [];
      if (number === undefined || sha256 === undefined) continue;
      const { mtimeMs } = await stat(join(directory, file));
      versions.push({ version: Number(number), sha256, savedAtMs: Math.floor(mtimeMs) });
    }
    return versions.sort((a, b) => a.savedAtMs - b.savedAtMs || a.version - b.version);
  }

  async save(name: string, version: VersionRef, text: string): Promise<void> {
    await writeAtomically(this.#pathOf(name, version), text);
  }

  /** The text of a version, or null when it is missing or not what its name says. */
  async read(name: string, version: VersionRef): Promise<string | null> {
    const path = this.#pathOf(name, version);
    // Four bytes at most for each of the characters that a tree may have.
    const text = await readBounded(path, 4 * dialogLimits.treeBytes);
    return text !== null && sha256Of(text) === version.sha256 ? text : null;
  }

  async remove(name: string, version: VersionRef): Promise<void> {
    await rm(this.#pathOf(name, version), { force: true });
  }

  async readLive(name: string): Promise<LiveReading> {
    let text: string | null;
    try {
      text = await readBounded(this.#livePath(name), treeLimits.liveFileBytes);
    } catch (err) {
      return { type: 'corrupt', reason: err instanceof Error ? err.message : String(err) };
    }
    return text === null ? { type: 'none' } : parseLive(text);
  }

  async writeLive(name: string, { active, previous, canary }: LiveRecord): Promise<void> {
    const record: z.input<typeof liveFile> = {
      format: liveFormat,
      active: refOf(active),
      previous: previous && refOf(previous),
      canary: canary && { version: refOf(canary.version), split: canary.split },
    };
    await writeAtomically(this.#livePath(name), `${JSON.stringify(record, null, 2)}\n`);
  }

  #directoryOf(name: string): string {
    // A tree given by path may have any base name; none may lead out of the directory.
    return join(this.#directory, encodeURIComponent(name).replace(/^\./, '%2E'));
  }

  #pathOf(name: string, { version, sha256 }: VersionRef): string {
    return join(this.#directoryOf(name), `${version}-${sha256}.yaml`);
  }

  #livePath(name: string): string {
    return join(this.#directoryOf(name), 'live.json');
  }
}

function parseLive(text: string): LiveReading {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return { type: 'corrupt', reason: 'it is not JSON' };
  }
  const parsed = liveFile.safeParse(data);
  if (parsed.success) return { type: 'live', live: parsed.data };
  const [issue] = parsed.error.issues;
  return { type: 'corrupt', reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}` };
}

async function readBounded(path: string, bytes: number): Promise<string | null> {
  try {
    const { size } = await stat(path);
    if (size > bytes) throw new Error(`it is larger than ${bytes} bytes`);
    return await readFile(path, 'utf8');
  } catch (err) {
    if (isAbsent(err)) return null;
    throw err;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (err) {
    if (isAbsent(err)) return [];
    throw err;
  }
}

function isAbsent(err: unknown): boolean {
  return err instanceof Error && 'code' in err && err.code === 'ENOENT';
}

import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../../../config/clock.js';
import { similarityLimits } from '../../../config/limits.js';
import type { Logger } from '../../../config/logger.js';
import {
  indexBytes,
  parseVector,
  parseVectorIndex,
  serializeVectors,
  vectorBytes,
  vectorOffset,
} from './vector-file.js';

const suffix = '.vectors';
const unfinishedSuffix = '.unfinished';
/** A file that is still unfinished then belongs to a process that died. */
const abandonedMs = 3_600_000;
/** A header and the keys of most files; longer indexes take a second read. */
const firstReadBytes = 65_536;

export interface VectorCacheOptions {
  readonly directory: string;
  /** All files together. */
  readonly maxBytes: number;
}

interface Place {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** The key of a text's vector in one model's space. */
export function vectorKey(modelId: string, text: string): string {
  return createHash('sha256').update(modelId).update('\0').update(text).digest('hex');
}

/**
 * Vectors on disk, so that a restart does not embed every example again.
 *
 * Files are written whole under another name and then renamed, never changed, and removed when all together are larger
 * than `maxBytes`: the one unused for longest first. Several processes may share the directory. Trouble with the disk
 * is logged and costs the cached vector, never the caller.
 */
export class VectorCache {
  readonly #options: VectorCacheOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #places = new Map<string, Place>();
  #opening: Promise<void> | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: VectorCacheOptions, deps: { readonly clock: Clock; readonly logger: Logger }) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /** How many vectors are there. */
  get size(): number {
    return this.#places.size;
  }

  /** The vectors that are there and whole, by key. */
  async read(keys: readonly string[]): Promise<Map<string, Float32Array>> {
    this.#opening ??= this.#index();
    await this.#opening;
    const wanted = new Map<string, (readonly [string, Place])[]>();
    for (const key of keys) {
      const place = this.#places.get(key);
      if (place) wanted.set(place.file, [...(wanted.get(place.file) ?? []), [key, place]]);
    }
    const found = new Map<string, Float32Array>();
    for (const [file, places] of wanted) await this.#readFrom(file, places, found);
    return found;
  }

  /** Keeps vectors of one dimension; resolves when they are on disk, or when that failed and was logged. */
  write(entries: readonly (readonly [key: string, vector: Float32Array])[]): Promise<void> {
    const most = similarityLimits.vectorsPerFile;
    this.#writing = this.#writing.then(async () => {
      try {
        for (let i = 0; i < entries.length; i += most) await this.#writeFile(entries.slice(i, i + most));
        await this.#evict();
      } catch (err) {
        this.#logger.warn('vectors could not be written', { directory: this.#options.directory, err });
      }
    });
    return this.#writing;
  }

  async #index(): Promise<void> {
    for (const file of await this.#files(unfinishedSuffix)) await this.#removeAbandoned(file);
    for (const file of await this.#files(suffix)) {
      try {
        await this.#indexFile(file);
      } catch (err) {
        this.#logger.warn('a file of vectors cannot be read', { file, err });
      }
    }
  }

  async #indexFile(file: string): Promise<void> {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      let start = await readExactly(handle, 0, Math.min(size, firstReadBytes));
      const needed = indexBytes(start) ?? 0;
      if (needed > start.length && needed <= size) start = await readExactly(handle, 0, needed);
      const index = parseVectorIndex(start, size);
      if (!index) {
        this.#logger.warn('a damaged file of vectors is ignored', { file });
        return;
      }
      const bytes = vectorBytes(index.dimension);
      index.keys.forEach((key, i) => {
        const offset = vectorOffset(index.dimension, index.keys.length, i);
        this.#places.set(key, { file, offset, bytes });
      });
    } finally {
      await handle.close();
    }
  }

  async #readFrom(
    file: string,
    places: readonly (readonly [string, Place])[],
    found: Map<string, Float32Array>,
  ): Promise<void> {
    try {
      const handle = await open(file, 'r');
      try {
        for (const [key, { offset, bytes }] of places) {
          const vector = parseVector(await readExactly(handle, offset, bytes));
          if (vector) found.set(key, vector);
          else this.#forget(key, 'a damaged vector is ignored', { file });
        }
        const now = new Date(this.#clock.epochMs());
        await utimes(file, now, now);
      } finally {
        await handle.close();
      }
    } catch (err) {
      for (const [key] of places) this.#places.delete(key);
      this.#logger.warn('a file of vectors cannot be read', { file, err });
    }
  }

  #forget(key: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#places.delete(key);
    this.#logger.warn(message, fields);
  }

  async #writeFile(entries: readonly (readonly [key: string, vector: Float32Array])[]): Promise<void> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true });
    const bytes = serializeVectors(entries);
    const name = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    const file = join(directory, `${name}${suffix}`);
    const unfinished = join(directory, `${name}.${process.pid}${unfinishedSuffix}`);
    try {
      const handle = await open(unfinished, 'w');
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, file);
    } catch (err) {
      await rm(unfinished, { force: true });
      throw err;
    }
    const dimension = entries[0]?.[1].length ?? 0;
    entries.forEach(([key], i) => {
      const offset = vectorOffset(dimension, entries.length, i);
      this.#places.set(key, { file, offset, bytes: vectorBytes(dimension) });
    });
  }

  /** Removes the files unused for longest until the rest is within the bounds. */
  async #evict(): Promise<void> {
    const files: { file: string; bytes: number; usedMs: number }[] = [];
    for (const file of await this.#files(suffix)) {
      // Another process may have removed it meanwhile.
      const facts = await stat(file).catch(() => null);
      if (facts) files.push({ file, bytes: facts.size, usedMs: facts.mtimeMs });
    }
    files.sort((a, b) => b.usedMs - a.usedMs);
    let bytes = 0;
    for (const [rank, candidate] of files.entries()) {
      bytes += candidate.bytes;
      if (bytes <= this.#options.maxBytes && rank < similarityLimits.vectorFiles) continue;
      await rm(candidate.file, { force: true });
      for (const [key, place] of this.#places) if (place.file === candidate.file) this.#places.delete(key);
    }
  }

  async #removeAbandoned(file: string): Promise<void> {
    const facts = await stat(file).catch(() => null);
    if (!facts || this.#clock.epochMs() - facts.mtimeMs < abandonedMs) return;
    await rm(file, { force: true });
  }

  async #files(ending: string): Promise<string[]> {
    const { directory } = this.#options;
    try {
      const names = await readdir(directory);
      return names.filter((name) => name.endsWith(ending)).map((name) => join(directory, name));
    } catch (err) {
      if (!(err instanceof Error && 'code' in err && err.code === 'ENOENT'))
        this.#logger.warn('the directory of vectors cannot be read', { directory, err });
      return [];
    }
  }
}

/** Fewer bytes when the file ends before. */
async function readExactly(
  handle: Awaited<ReturnType<typeof open>>,
  position: number,
  length: number,
): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock, Timer } from '../../config/clock.js';
import { turnLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import { serializeTurn, type TurnRecord } from '../../dialog/turn-record.js';

/** Takes the turns of conversations; returns at once and never throws. */
export interface TurnSink {
  record(turn: TurnRecord): void;
}

export interface TurnLogOptions {
  readonly directory: string;
  /** All files together. */
  readonly maxBytes: number;
  readonly keepDays: number;
}

export interface TurnLogDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Lines since the start. */
export interface TurnLogStats {
  readonly written: number;
  readonly dropped: number;
}

/** `turns-20261129T120000.000Z-1f3a.jsonl`: the names are in the order of time. */
const turnFile = /^turns-\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{4}\.jsonl$/;

interface OpenFile {
  readonly handle: FileHandle;
  readonly name: string;
  readonly sinceMs: number;
  bytes: number;
}

/**
 * The log of decided turns: one JSON line each (`dialog/turn-record.ts`) in files that are closed by size and by the
 * day, and deleted by age and by the size of all.
 *
 * `record` never waits: a writer behind it appends what has come in, in one write. Lines beyond the bound of the queue,
 * and those that the disk does not take, are dropped and counted; the log of the node says so once in a while.
 */
export class TurnLog implements TurnSink {
  readonly #options: TurnLogOptions;
  readonly #deps: TurnLogDeps;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | null = null;
  #file: OpenFile | null = null;
  #written = 0;
  #dropped = 0;
  #toldAtMs = -Infinity;
  /** Of the last file's name. */
  #namedMs = 0;
  #sweep: Timer | null = null;
  #closed = false;

  private constructor(options: TurnLogOptions, deps: TurnLogDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Deletes what is too old. Never rejects: a directory that cannot be used costs the log, not the node. */
  static async open(options: TurnLogOptions, deps: TurnLogDeps): Promise<TurnLog> {
    const log = new TurnLog(options, deps);
    await log.#cleanUp();
    return log;
  }

  get stats(): TurnLogStats {
    return { written: this.#written, dropped: this.#dropped };
  }

  record(turn: TurnRecord): void {
    if (this.#closed) return;
    const line = `${serializeTurn(turn)}\n`;
    const bytes = Buffer.byteLength(line);
    const full =
      this.#waiting.length >= turnLimits.waitingLines ||
      this.#waitingBytes + bytes > turnLimits.waitingBytes ||
      bytes > turnLimits.lineBytes;
    if (full) {
      this.#drop(1, 'turns come faster than the disk takes them');
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += bytes;
    this.#start();
  }

  /** Resolves when every line so far is written or dropped. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Writes what is waiting; what is recorded afterwards is ignored. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#sweep?.cancel();
    this.#sweep = null;
    await this.flush();
    await this.#closeFile();
  }

  #start(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #write(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      for (let at = 0; at < lines.length;) {
        const file = await this.#fileFor(Buffer.byteLength(lines[at] ?? ''));
        const end = this.#endOfBatch(lines, at, file);
        const text = lines.slice(at, end).join('');
        // Counted first: a write that failed half-way has taken its place on the disk all the same.
        file.bytes += Buffer.byteLength(text);
        lines.fill('', 0, at);
        await file.handle.appendFile(text, 'utf8');
        this.#written += end - at;
        at = end;
      }
    } catch (err) {
      // A line may be cut off: what follows goes to a file of its own.
      await this.#closeFile();
      this.#drop(lines.filter((line) => line !== '').length, 'the file cannot be written', err);
    }
  }

  /** As many lines as the file has room for, at least one. */
  #endOfBatch(lines: readonly string[], from: number, file: OpenFile): number {
    let bytes = file.bytes + Buffer.byteLength(lines[from] ?? '');
    let end = from + 1;
    for (; end < lines.length; end++) {
      bytes += Buffer.byteLength(lines[end] ?? '');
      if (bytes > this.#fileBytes) break;
    }
    return end;
  }

  get #fileBytes(): number {
    return Math.min(turnLimits.fileBytes, Math.floor(this.#options.maxBytes / 4));
  }

  async #fileFor(bytes: number): Promise<OpenFile> {
    const { clock, random } = this.#deps;
    const nowMs = clock.epochMs();
    const file = this.#file;
    const fits = file && file.bytes + bytes <= this.#fileBytes && nowMs - file.sinceMs < turnLimits.fileMs;
    if (fits) return file;
    await this.#closeFile();
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // Names are in the order of the files, also of those that are begun in the same millisecond.
    this.#namedMs = Math.max(nowMs, this.#namedMs + 1);
    const time = new Date(this.#namedMs).toISOString().replace(/[-:]/g, '');
    const name = `turns-${time}-${random.hex(2)}.jsonl`;
    const handle = await open(join(directory, name), 'ax', 0o600);
    this.#file = { handle, name, sinceMs: nowMs, bytes: 0 };
    await this.#cleanUp();
    return this.#file;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.handle.close().catch(() => undefined);
  }

  #drop(lines: number, reason: string, err?: unknown): void {
    this.#dropped += lines;
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - this.#toldAtMs < turnLimits.tellAgainMs) return;
    this.#toldAtMs = nowMs;
    const { directory } = this.#options;
    const fix = 'see that dialog.turnLog.directory can be written and has room';
    this.#deps.logger.error('turns are not logged', {
      reason,
      fix,
      directory,
      dropped: this.#dropped,
      ...(err === undefined ? {} : { err }),
    });
  }

  /** Deletes what is too old or, the oldest first, too much; and comes round again. */
  async #cleanUp(): Promise<void> {
    this.#sweep?.cancel();
    this.#sweep = this.#closed
      ? null
      : this.#deps.clock.setTimer(() => void this.#cleanUp(), turnLimits.sweepMs);
    try {
      await this.#deleteOld();
    } catch (err) {
      this.#deps.logger.warn('old turn logs cannot be deleted', { directory: this.#options.directory, err });
    }
  }

  async #deleteOld(): Promise<void> {
    const { directory, keepDays, maxBytes } = this.#options;
    const names = (await readdir(directory).catch(emptyIfAbsent))
      .filter((name) => turnFile.test(name))
      .sort();
    const nowMs = this.#deps.clock.epochMs();
    if (this.#file && !this.#writing && nowMs - this.#file.sinceMs >= turnLimits.fileMs)
      await this.#closeFile();
    const oldestMs = nowMs - keepDays * 24 * 3_600_000;
    let total = 0;
    for (const name of names.reverse()) {
      const path = join(directory, name);
      const { mtimeMs, size } = await stat(path);
      total += name === this.#file?.name ? this.#fileBytes : size;
      const excess = total > maxBytes || mtimeMs < oldestMs;
      if (excess && name !== this.#file?.name) await rm(path, { force: true });
    }
  }
}

function emptyIfAbsent(err: unknown): string[] {
  if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return [];
  throw err;
}

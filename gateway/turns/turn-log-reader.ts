import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { turnLimits } from '../../config/limits.js';
import { parseTurn, type TurnRecord } from '../../dialog/turn-record.js';

/** A file of a turn log and its size when it was looked at. */
export interface TurnFile {
  readonly path: string;
  readonly bytes: number;
}

/** Paths that cannot be used as turn logs; the message names path and fix. */
export class TurnLogError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TurnLogError';
  }
}

/** The files that paths name: themselves, and the `*.jsonl` of directories, in the order of names, which is that of time. */
export function turnFiles(paths: readonly string[]): TurnFile[] {
  const files = paths.flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) throw new TurnLogError(`${path}: there is no such file or directory (correct the path)`);
    if (!stats.isDirectory()) return [{ path, bytes: stats.size }];
    const names = readdirSync(path).filter((name) => name.endsWith('.jsonl'));
    if (names.length === 0)
      throw new TurnLogError(`${path}: there is no turn log (*.jsonl) in it (see dialog.turnLog.directory)`);
    return names.sort().map((name) => ({ path: join(path, name), bytes: statSync(join(path, name)).size }));
  });
  if (files.length > turnLimits.files)
    throw new TurnLogError(`more than ${turnLimits.files} files (name fewer of them)`);
  return files;
}

export interface TurnReaderListener {
  /** A line that is left out; `message` says why. */
  onBadLine(file: string, line: number, message: string): void;
  /** Called for each piece that was read. */
  onProgress?(readBytes: number, allBytes: number): void;
}

const newline = 10;

/**
 * Reads turn logs line by line in bounded memory, whatever their size.
 *
 * The last line of a file may be cut off, as a process that died leaves it: that is counted, not complained about.
 */
export class TurnLogReader {
  readonly #files: readonly TurnFile[];
  readonly #listener: TurnReaderListener;
  #turns = 0;
  #bad = 0;
  #torn = 0;

  constructor(files: readonly TurnFile[], listener: TurnReaderListener) {
    this.#files = files;
    this.#listener = listener;
  }

  get counts(): { readonly turns: number; readonly bad: number; readonly torn: number } {
    return { turns: this.#turns, bad: this.#bad, torn: this.#torn };
  }

  /** Throws TurnLogError when more than `turnLimits.badLines` are bad, and the system's error for a file it cannot read. */
  async *records(): AsyncGenerator<TurnRecord> {
    const all = this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
    let read = 0;
    for (const { path } of this.#files) {
      for await (const { text, number, whole } of this.#lines(path, (bytes) => {
        read += bytes;
        this.#listener.onProgress?.(read, all);
      })) {
        const record = this.#parse(path, text, number, whole);
        if (record) yield record;
      }
    }
  }

  #parse(path: string, text: string | null, number: number, whole: boolean): TurnRecord | null {
    if (text !== null && text.trim() === '') return null;
    const parsed =
      text === null
        ? { ok: false as const, message: `the line is longer than ${turnLimits.lineBytes} bytes` }
        : parseTurn(text);
    if (parsed.ok) {
      this.#turns++;
      return parsed.record;
    }
    if (!whole) {
      this.#torn++;
      return null;
    }
    this.#bad++;
    this.#listener.onBadLine(path, number, parsed.message);
    if (this.#bad >= turnLimits.badLines)
      throw new TurnLogError(
        `${path}:${number}: ${this.#bad} lines cannot be read (is this a turn log? See dialog.turnLog)`,
      );
    return null;
  }

  /** `text` is null for a line that is too long; `whole` is false for a last one without its end. */
  async *#lines(
    path: string,
    onBytes: (bytes: number) => void,
  ): AsyncGenerator<{ readonly text: string | null; readonly number: number; readonly whole: boolean }> {
    let parts: Buffer[] = [];
    let length = 0;
    let number = 1;
    const take = (whole: boolean) => {
      const text = length > turnLimits.lineBytes ? null : Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
      return { text, number: number++, whole };
    };
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      onBytes(chunk.length);
      let from = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
        length += end - from;
        if (length <= turnLimits.lineBytes) parts.push(chunk.subarray(from, end));
        from = end + 1;
        yield take(true);
      }
      length += chunk.length - from;
      // What is too long anyway is not kept.
      if (length <= turnLimits.lineBytes) parts.push(Buffer.from(chunk.subarray(from)));
      else parts = [];
    }
    if (length > 0) yield take(false);
  }
}

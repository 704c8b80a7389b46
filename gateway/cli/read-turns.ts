import type { TurnRecord } from '../../dialog/turn-record.js';
import { TurnLogError, TurnLogReader, turnFiles } from '../turns/turn-log-reader.js';

/** Where a verb that reads turn logs tells what it does. */
export interface TurnLogOutput {
  /** Takes one line without its line end. */
  readonly complain: (line: string) => void;
  /** Takes a line that the next one replaces, an empty one to remove it; null where nobody looks. */
  readonly progress: ((line: string) => void) | null;
}

export interface ReadTurns {
  readonly files: number;
  readonly turns: number;
  /** Lines that were left out. */
  readonly bad: number;
  readonly torn: number;
}

/** Hands every turn of some logs to `take`; null after complaining that they cannot be read. */
export async function readTurns(
  logs: readonly string[],
  { complain, progress }: TurnLogOutput,
  take: (record: TurnRecord) => void,
): Promise<ReadTurns | null> {
  let shown = -1;
  try {
    const files = turnFiles(logs);
    const reader = new TurnLogReader(files, {
      onBadLine: (file, line, message) => complain(`${file}:${line}: ${message}; the line is left out`),
      onProgress: (read, all) => {
        const percent = Math.floor((100 * read) / Math.max(1, all));
        if (percent === shown) return;
        shown = percent;
        progress?.(`reading turn logs: ${Math.min(100, percent)} %`);
      },
    });
    for await (const record of reader.records()) take(record);
    return { files: files.length, ...reader.counts };
  } catch (err) {
    if (!(err instanceof TurnLogError) && !(err instanceof Error && 'code' in err)) throw err;
    complain(err.message);
    return null;
  } finally {
    progress?.('');
  }
}

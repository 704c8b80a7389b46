import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

import type { LogMessage, SessionRecord } from '../ports/session-log.js';
import type { Marks } from '../websocket/protocol.js';

/** Everything that is kept of a session once the log has forgotten it. */
export interface ArchivedSession {
  readonly session: SessionRecord;
  readonly marks: Readonly<Record<string, Marks>>;
  readonly messages: readonly LogMessage[];
}

/** Where sessions go before they are removed. */
export interface SessionArchive {
  /** Resolves when it survives the loss of power; the same session may come again. */
  write(archived: ArchivedSession): Promise<void>;
}

/**
 * One file a day, `sessions-2026-01-31.jsonl` by the day a session ended (UTC), one line a session.
 *
 * A session whose removal failed is written again, in the same file: of several lines the last one counts.
 */
export class FileArchive implements SessionArchive {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async write(archived: ArchivedSession): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const day = new Date(archived.session.endedAtMs ?? 0).toISOString().slice(0, 10);
    const file = await open(join(this.#directory, `sessions-${day}.jsonl`), 'a', 0o600);
    try {
      await file.appendFile(`${JSON.stringify(archived)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncDirectory(this.#directory);
  }
}

/** A new file's name is on disk only when its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

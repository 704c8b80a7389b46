import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';

import { MemorySessionLog } from '../../adapters/database/memory-session-log.js';
import { PostgresSessionLog } from '../../adapters/database/postgres/postgres-session-log.js';
import { Connection } from '../../adapters/database/sqlite/connection.js';
import { SqliteSessionLog } from '../../adapters/database/sqlite/sqlite-session-log.js';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { systemRandom } from '../../config/random.js';
import type { SessionLog } from '../../gateway/ports/session-log.js';
import type { PostgresServer } from '../../gateway/testing/postgres-server.js';

/** A store, and the least that the same library can do: one INSERT of a text, in a transaction of its own. */
export interface LogUnderTest {
  readonly name: string;
  readonly log: SessionLog;
  /** Null where nothing is inserted. */
  readonly bareInsert: ((text: string) => Promise<unknown>) | null;
  close(): Promise<void>;
}

const connections = 10;

export function memoryLog(): LogUnderTest {
  const log = new MemorySessionLog(new SystemClock(), systemRandom);
  return { name: 'memory', log, bareInsert: null, close: () => log.close() };
}

export async function sqliteLog(synchronous: 'full' | 'normal'): Promise<LogUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const settings = { file: join(directory, 'log.sqlite'), synchronous };
  const log = await SqliteSessionLog.open(settings, new SystemClock(), systemRandom);
  const bare = new Connection(join(directory, 'bare.sqlite'), 0);
  bare.all('pragma journal_mode = wal');
  bare.execute(`pragma synchronous = ${synchronous}; create table bare (id integer primary key, body text)`);
  return {
    name: `sqlite, ${synchronous}`,
    log,
    bareInsert: (text) => Promise.resolve(bare.run('insert into bare (body) values (?)', text)),
    close: async () => {
      bare.close();
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function postgresLog(server: PostgresServer): Promise<LogUnderTest> {
  const logger = new MemoryLogger();
  const settings = { url: server.url, schema: 'bench', connections };
  const log = await PostgresSessionLog.open(settings, { logger, random: systemRandom });
  const pool = new pg.Pool({ connectionString: server.url, max: connections });
  // The server is stopped while the last connections are being closed.
  pool.on('error', (err) => logger.warn('a connection was lost', { err }));
  await pool.query('create table bare (id bigint generated always as identity primary key, body text)');
  const insert = { name: 'bare', text: 'insert into bare (body) values ($1)' };
  return {
    name: 'postgres',
    log,
    bareInsert: (text) => pool.query({ ...insert, values: [text] }),
    close: async () => {
      await pool.end();
      await log.close();
    },
  };
}

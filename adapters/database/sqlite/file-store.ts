import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { Connection } from './connection.js';
import { createOperations, type Operations } from './operations.js';
import type { CallOutcome, StoreCall, StoreReport, StoreSetup } from './protocol.js';
import { migrate } from './schema.js';

/**
 * The store's file, opened by one process: every batch of calls is one transaction, and so one wait for the disk.
 *
 * `<file>.lock` is locked by the operating system for as long as this process lives; the file itself stays readable to
 * other programs.
 */
export class FileStore {
  readonly #lock: Connection;
  readonly #connection: Connection;
  readonly #operations: Operations;

  /** Throws when the file is another process's, newer than this version, or cannot be opened. */
  constructor({ file, synchronous, bounds, busyMs }: StoreSetup) {
    mkdirSync(dirname(file), { recursive: true });
    this.#lock = lockFile(file, busyMs);
    try {
      this.#connection = new Connection(file, busyMs);
      this.#connection.all('pragma journal_mode = wal');
      this.#connection.execute(`pragma synchronous = ${synchronous}`);
      migrate(this.#connection);
    } catch (err) {
      this.#lock.close();
      throw new Error(`${file} cannot be opened: ${messageOf(err)}`, { cause: err });
    }
    this.#operations = createOperations(this.#connection, bounds);
  }

  /** One transaction: a call that fails changes nothing and costs no other; all fail when the disk does. */
  run(calls: readonly StoreCall[]): StoreReport {
    try {
      this.#connection.execute('begin immediate');
      const outcomes = calls.map((call) => this.#runOne(call));
      this.#connection.execute('commit');
      return outcomes;
    } catch (err) {
      this.#rollback();
      const failed: CallOutcome = {
        ok: false,
        message: `the store failed: ${messageOf(err)}`,
        refused: false,
      };
      return calls.map(() => failed);
    }
  }

  close(): void {
    this.#connection.close();
    this.#lock.close();
  }

  #runOne({ name, args }: StoreCall): CallOutcome {
    this.#connection.run('savepoint one_call');
    try {
      const operation = this.#operations[name] as (...args: readonly unknown[]) => unknown;
      const value = operation(...args);
      this.#connection.run('release one_call');
      return { ok: true, value };
    } catch (err) {
      this.#connection.run('rollback to one_call');
      this.#connection.run('release one_call');
      return { ok: false, message: messageOf(err), refused: err instanceof RangeError };
    }
  }

  /** A transaction that failed to begin, or that SQLite has rolled back itself, leaves nothing to be rolled back. */
  #rollback(): void {
    if (this.#connection.inTransaction) this.#connection.execute('rollback');
  }
}

/** A thread of this process that has just died may hold the lock a little longer. */
function lockFile(file: string, busyMs: number): Connection {
  const lock = new Connection(`${file}.lock`, busyMs);
  try {
    lock.execute('begin exclusive');
    return lock;
  } catch (err) {
    lock.close();
    throw new Error(
      `${file} is in use by another process: only one may have it. Stop that one, or name another store.file`,
      { cause: err },
    );
  }
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}

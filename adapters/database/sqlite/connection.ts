import Database from 'libsql';

export type SqlValue = string | number | null;

/**
 * One SQLite connection with its prepared statements.
 *
 * Every statement runs to its end at once, so that none keeps a snapshot open and the write-ahead log can be emptied.
 */
export class Connection {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement<SqlValue[]>>();

  /** A call waits `busyMs` for another process that writes. Throws when the file cannot be opened. */
  constructor(file: string, busyMs: number) {
    this.#database = new Database(file, { timeout: busyMs });
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /**
   * For statements without parameters, several at once; for those that begin and end transactions, as libsql would not
   * let go of a prepared one that failed.
   */
  execute(sql: string): void {
    this.#database.exec(sql);
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#run(sql, (statement) => statement.all(...values) as Row[]);
  }

  first<Row>(sql: string, ...values: SqlValue[]): Row | null {
    return this.all<Row>(sql, ...values)[0] ?? null;
  }

  /** The number of rows that were changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return this.#run(sql, (statement) => statement.run(...values).changes);
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #run<T>(sql: string, use: (statement: Database.Statement<SqlValue[]>) => T): T {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare<SqlValue[]>(sql);
      this.#statements.set(sql, statement);
    }
    try {
      return use(statement);
    } catch (err) {
      // libsql tells the next use of a failed statement of the same failure once more.
      this.#statements.delete(sql);
      throw err;
    }
  }
}

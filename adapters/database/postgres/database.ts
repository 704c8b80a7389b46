import pg from 'pg';

import { logLimits } from '../../../config/limits.js';
import type { Logger } from '../../../config/logger.js';
import { LogError } from '../../../gateway/ports/session-log.js';
import { migrate, withSchema } from './migrate.js';

export interface PostgresSettings {
  /** postgres://user:password@host:port/database; never logged. */
  readonly url: string;
  /** A plain name in lower case. */
  readonly schema: string;
  readonly connections: number;
  /** Tests make them smaller. */
  readonly limits?: DatabaseLimits;
}

/** See `logLimits`. */
export interface DatabaseLimits {
  readonly waitingCalls: number;
  readonly connectMs: number;
  readonly statementMs: number;
  readonly migrationMs: number;
}

const int8 = 20;
/** Numbers up to 2^53, which is all that is ever stored. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): ((text: string) => unknown) =>
    oid === int8 ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

/** Connections to one schema of a PostgreSQL server; a lost one is replaced by the next query. */
export class Database {
  readonly #pool: pg.Pool;
  readonly #schema: string;
  readonly #waitingBound: number;
  /** Prepared once on each connection: the statement with its schema, and its name. */
  readonly #statements = new Map<string, { readonly name: string; readonly text: string }>();
  #closing: Promise<void> | null = null;

  private constructor(settings: PostgresSettings, logger: Logger) {
    const { connectMs, statementMs } = settings.limits ?? logLimits;
    this.#schema = settings.schema;
    this.#waitingBound = (settings.limits ?? logLimits).waitingCalls;
    this.#pool = new pg.Pool({
      connectionString: settings.url,
      max: settings.connections,
      application_name: 'parley',
      connectionTimeoutMillis: connectMs,
      statement_timeout: statementMs,
      query_timeout: statementMs + connectMs,
      idle_in_transaction_session_timeout: statementMs,
      keepAlive: true,
      types,
    });
    this.#pool.on('error', (err) =>
      logger.warn('a connection to PostgreSQL was lost', { reason: err.message }),
    );
  }

  /** Makes or changes the tables first, where this version needs it. Rejects with LogError. */
  static async open(settings: PostgresSettings, logger: Logger): Promise<Database> {
    const { connectMs, migrationMs } = settings.limits ?? logLimits;
    const client = new pg.Client({
      connectionString: settings.url,
      application_name: 'parley',
      connectionTimeoutMillis: connectMs,
      statement_timeout: migrationMs,
    });
    // What breaks the connection also rejects the statement that runs.
    client.on('error', (err) => logger.warn('a connection to PostgreSQL was lost', { reason: err.message }));
    try {
      await client.connect();
      await migrate(client, settings.schema);
    } catch (err) {
      throw logError(err);
    } finally {
      await client.end();
    }
    return new Database(settings, logger);
  }

  /** Rows of one statement; `$schema` stands for the schema. Rejects with LogError. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return (await this.#run<Row>(sql, values)).rows;
  }

  /** The number of rows that one statement changed. Rejects with LogError. */
  async change(sql: string, values: readonly unknown[]): Promise<number> {
    return (await this.#run(sql, values)).rowCount ?? 0;
  }

  /** Waits for the queries that were made before. */
  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  async #run<Row extends pg.QueryResultRow>(
    sql: string,
    values: readonly unknown[],
  ): Promise<pg.QueryResult<Row>> {
    if (this.#closing) throw new LogError('the session log is closed');
    if (this.#pool.waitingCount >= this.#waitingBound)
      throw new LogError(`${this.#pool.waitingCount} calls wait for the session log, and no more may`);
    try {
      return await this.#pool.query<Row>({ ...this.#statement(sql), values: [...values] });
    } catch (err) {
      throw logError(err);
    }
  }

  #statement(sql: string): { readonly name: string; readonly text: string } {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = { name: `parley_${this.#statements.size}`, text: withSchema(sql, this.#schema) };
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Several addresses of one host that all refuse come as an error without a message of its own. */
function logError(err: unknown): LogError {
  const first: unknown = err instanceof AggregateError ? err.errors[0] : err;
  const message = first instanceof Error ? first.message : String(first);
  return new LogError(`PostgreSQL: ${message}`, { cause: err });
}

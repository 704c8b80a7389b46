import type { DeadJob, Job } from '../../../gateway/ports/session-log.js';
import type { PreparedJob } from '../prepared.js';
import type { Connection } from './connection.js';
import { deadJobOf, jobOf, type DeadJobRow, type JobRow } from '../rows.js';

type Claimed = Pick<Job, 'id' | 'claim'>;

const kept = 'id, tenant, kind, key, session, seq, payload, created_at_ms, due_at_ms';

/** Jobs and dead jobs. */
export class JobTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  putJobs(jobs: readonly PreparedJob[], seq: number | null, nowMs: number): void {
    for (const { tenant, kind, key, sessionId, payload, delayMs } of jobs) {
      this.cancelJob(tenant, kind, key);
      const dueMs = nowMs + delayMs;
      this.#connection.run(
        `insert into jobs (tenant, kind, key, session, seq, payload, created_at_ms, due_at_ms, free_at_ms)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[tenant, kind, key, sessionId, seq, payload, nowMs, dueMs, dueMs],
      );
    }
  }

  cancelJob(tenant: string, kind: string, key: string): void {
    this.#connection.run('delete from jobs where tenant = ? and kind = ? and key = ?', tenant, kind, key);
  }

  claimJobs(kinds: readonly string[], limit: number, leaseMs: number, claim: string, nowMs: number): Job[] {
    const rows = this.#connection.all<JobRow>(
      `select ${kept}, attempts + 1 as attempts from jobs
       where kind in (select value from json_each(?)) and free_at_ms <= ? order by free_at_ms, id limit ?`,
      ...[JSON.stringify(kinds), nowMs, limit],
    );
    for (const { id, attempts } of rows)
      this.#connection.run(
        'update jobs set claim = ?, attempts = ?, free_at_ms = ? where id = ?',
        ...[claim, attempts, nowMs + leaseMs, id],
      );
    return rows.map((row) => ({ ...jobOf(row), claim }));
  }

  finishJob({ id, claim }: Claimed): void {
    this.#connection.run('delete from jobs where id = ? and claim = ?', id, claim);
  }

  retryJob({ id, claim }: Claimed, delayMs: number, error: string, nowMs: number): void {
    const dueMs = nowMs + delayMs;
    this.#connection.run(
      'update jobs set claim = null, due_at_ms = ?, free_at_ms = ?, last_error = ? where id = ? and claim = ?',
      ...[dueMs, dueMs, error, id, claim],
    );
  }

  buryJob({ id, claim }: Claimed, error: string, nowMs: number): void {
    this.#connection.run(
      `insert into dead_jobs (${kept}, attempts, error, died_at_ms)
       select ${kept}, attempts, ?, ? from jobs where id = ? and claim = ?`,
      ...[error, nowMs, id, claim],
    );
    this.finishJob({ id, claim });
  }

  deadJobs(tenant: string, kind: string, limit: number): DeadJob[] {
    return this.#connection
      .all<DeadJobRow>(
        'select * from dead_jobs where tenant = ? and kind = ? order by died_at_ms desc, id desc limit ?',
        ...[tenant, kind, limit],
      )
      .map(deadJobOf);
  }

  reviveJob(tenant: string, id: number, nowMs: number): boolean {
    const columns = 'id, tenant, kind, key, session, seq, payload, created_at_ms';
    const made = this.#connection.run(
      `insert into jobs (${columns}, due_at_ms, free_at_ms)
       select ${columns}, ?, ? from dead_jobs where id = ? and tenant = ? on conflict do nothing`,
      ...[nowMs, nowMs, id, tenant],
    );
    if (made > 0) this.#connection.run('delete from dead_jobs where id = ?', id);
    return made > 0;
  }

  removeOf(tenant: string, session: string): void {
    for (const table of ['jobs', 'dead_jobs'])
      this.#connection.run(`delete from ${table} where tenant = ? and session = ?`, tenant, session);
  }
}

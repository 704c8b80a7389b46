import { logLimits } from '../../../config/limits.js';
import type { Logger } from '../../../config/logger.js';
import type { Random } from '../../../config/random.js';
import type {
  AcquireResult,
  AppendResult,
  CommitResult,
  DeadJob,
  Job,
  Json,
  LogMessage,
  NewJob,
  NewMessage,
  NodeBeat,
  NodeIdentity,
  OpenResult,
  SessionHead,
  SessionLog,
  SessionQuery,
  SessionRecord,
  SessionRef,
  TurnCommit,
} from '../../../gateway/ports/session-log.js';
import type { Marks } from '../../../gateway/websocket/protocol.js';
import {
  checkCount,
  checkLimit,
  checkMarks,
  checkMs,
  checkName,
  checkNode,
  checkOpen,
  checkRef,
  otherTurn,
  prepareError,
  prepareJob,
  prepareJobs,
  prepareMessage,
  prepareTurn,
  takenSessionId,
  tooManyReaders,
  type SessionBounds,
} from '../prepared.js';
import {
  deadJobOf,
  headOf,
  jobOf,
  messageOf,
  ownerOf,
  recordOf,
  type DeadJobRow,
  type JobRow,
  type MessageRow,
  type SessionRow,
} from '../rows.js';
import { appendResult, commitResult, type Answer } from './answers.js';
import { Database, type PostgresSettings } from './database.js';
import * as sql from './queries.js';

/** A `SessionLog` in a PostgreSQL server, for any number of nodes; times are the server's. */
export class PostgresSessionLog implements SessionLog {
  readonly #database: Database;
  readonly #random: Random;
  readonly #bounds: SessionBounds;

  private constructor(database: Database, random: Random, bounds: SessionBounds) {
    this.#database = database;
    this.#random = random;
    this.#bounds = bounds;
  }

  /** Makes the tables where there are none. Rejects with LogError when the server is away or a newer Parley's. */
  static async open(
    settings: PostgresSettings,
    deps: { readonly logger: Logger; readonly random: Random },
    bounds: SessionBounds = logLimits,
  ): Promise<PostgresSessionLog> {
    return new PostgresSessionLog(await Database.open(settings, deps.logger), deps.random, bounds);
  }

  async open(request: Parameters<SessionLog['open']>[0]): Promise<OpenResult> {
    checkOpen(request);
    const jobs = JSON.stringify(prepareJobs(request.jobs));
    const { tenant, sessionId, userId, ingress, tree } = request;
    const answer = await this.#ask<{ readonly created: boolean; readonly session: SessionRow } | null>(
      sql.open,
      [tenant, sessionId, userId, ingress, tree, jobs],
    );
    if (!answer) throw takenSessionId(sessionId);
    return { record: recordOf(answer.session), created: answer.created };
  }

  async session(ref: SessionRef): Promise<SessionRecord | null> {
    checkRef(ref);
    const [row] = await this.#database.query<SessionRow>(sql.session, [ref.tenant, ref.sessionId]);
    return row ? recordOf(row) : null;
  }

  async sessions({ tenant, userId, state, before, limit }: SessionQuery): Promise<readonly SessionRecord[]> {
    checkName(tenant, 'tenant');
    checkLimit(limit, logLimits.sessionItems);
    const { text, values } = sql.sessions({ tenant, userId, state, before, limit });
    return (await this.#database.query<SessionRow>(text, values)).map(recordOf);
  }

  async heads(refs: readonly SessionRef[]): Promise<readonly SessionHead[]> {
    if (refs.length === 0) return [];
    const tenants = refs.map(({ tenant }) => tenant);
    const sessions = refs.map(({ sessionId }) => sessionId);
    return (await this.#database.query<SessionRow>(sql.heads, [tenants, sessions])).map(headOf);
  }

  append(ref: SessionRef, message: NewMessage): Promise<AppendResult> {
    return this.#append(ref, message, false);
  }

  async read(ref: SessionRef, after: number, limit: number): Promise<readonly LogMessage[]> {
    checkCount(after, 'after');
    checkLimit(limit, logLimits.pageItems);
    const values = [ref.tenant, ref.sessionId, after, limit];
    return (await this.#database.query<MessageRow>(sql.read, values)).map(messageOf);
  }

  async mark(ref: SessionRef, reader: string, marks: Partial<Marks>): Promise<Marks | null> {
    checkRef(ref);
    const { delivered, read } = checkMarks(reader, marks);
    const answer = await this.#ask<(Marks & { readonly outcome: string }) | null>(sql.mark, [
      ...[ref.tenant, ref.sessionId, reader, delivered, read, this.#bounds.readersPerSession],
    ]);
    if (answer?.outcome === 'too-many') throw tooManyReaders(this.#bounds);
    return answer && { delivered: answer.delivered, read: answer.read };
  }

  async marks(ref: SessionRef): Promise<ReadonlyMap<string, Marks>> {
    const rows = await this.#database.query<Marks & { readonly reader: string }>(sql.marks, [
      ...[ref.tenant, ref.sessionId],
    ]);
    return new Map(rows.map(({ reader, delivered, read }) => [reader, { delivered, read }]));
  }

  end(ref: SessionRef, last: NewMessage): Promise<AppendResult> {
    return this.#append(ref, last, true);
  }

  async acquire(ref: SessionRef, node: NodeIdentity, evenFrom: number | null): Promise<AcquireResult> {
    checkRef(ref);
    checkNode(node);
    const { outcome, session, snapshot } = await this.#ask<Answer & { readonly snapshot?: string | null }>(
      sql.acquire,
      [ref.tenant, ref.sessionId, node.nodeId, node.incarnation, evenFrom],
    );
    const owner = session && ownerOf(session);
    if (outcome === 'held' && owner) return { outcome, owner };
    if (!session) return { outcome: outcome === 'ended' ? 'ended' : 'unknown-session' };
    const { epoch } = session;
    return {
      outcome: 'acquired',
      record: recordOf(session),
      epoch,
      snapshot: JSON.parse(snapshot ?? 'null') as Json,
    };
  }

  async release(ref: SessionRef, epoch: number): Promise<void> {
    await this.#database.change(sql.release, [ref.tenant, ref.sessionId, epoch]);
  }

  async commit(ref: SessionRef, turn: TurnCommit): Promise<CommitResult> {
    checkRef(ref);
    const { epoch, processedSeq, snapshot, messages, toType, end, jobs, cancelJobs } = prepareTurn(turn);
    const answer = await this.#ask<Answer>(sql.commit, [
      ...[ref.tenant, ref.sessionId, epoch, processedSeq, snapshot, JSON.stringify(messages), toType, end],
      ...[JSON.stringify(jobs), JSON.stringify(cancelJobs), this.#bounds.messagesPerSession],
    ]);
    if (answer.outcome === 'other-turn') throw otherTurn();
    return commitResult(answer, messages);
  }

  async waiting(node: NodeIdentity, limit: number): Promise<readonly SessionHead[]> {
    checkNode(node);
    checkLimit(limit, logLimits.pageItems);
    const values = [node.nodeId, node.incarnation, limit];
    return (await this.#database.query<SessionRow>(sql.waiting, values)).map(headOf);
  }

  async beat(node: NodeBeat, leaseMs: number): Promise<readonly NodeBeat[]> {
    checkNode(node);
    const { nodeId, incarnation, state, address } = node;
    const values = [nodeId, incarnation, state, address, checkMs(leaseMs, 'leaseMs')];
    const rows = await this.#database.query<NodeBeat & Record<string, unknown>>(sql.beat, values);
    return rows.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  }

  async retire({ nodeId, incarnation }: NodeIdentity): Promise<void> {
    await this.#database.change(sql.retire, [nodeId, incarnation]);
  }

  async putJob(job: NewJob): Promise<void> {
    await this.#database.query(sql.putJobs, [JSON.stringify([prepareJob(job)])]);
  }

  async cancelJob(tenant: string, kind: string, key: string): Promise<void> {
    await this.#database.change(sql.cancelJob, [tenant, kind, key]);
  }

  async claimJobs(
    kinds: readonly string[],
    { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
  ): Promise<readonly Job[]> {
    checkLimit(limit, logLimits.pageItems);
    const claim = this.#random.hex(8);
    const values = [kinds, limit, checkMs(leaseMs, 'leaseMs'), claim];
    const rows = await this.#database.query<JobRow>(sql.claimJobs, values);
    return rows
      .sort((a, b) => a.due_at_ms - b.due_at_ms || a.id - b.id)
      .map((row) => ({ ...jobOf(row), claim }));
  }

  async finishJob({ id, claim }: Pick<Job, 'id' | 'claim'>): Promise<void> {
    await this.#database.change(sql.finishJob, [id, claim]);
  }

  async retryJob({ id, claim }: Pick<Job, 'id' | 'claim'>, delayMs: number, error: string): Promise<void> {
    const values = [id, claim, checkMs(delayMs, 'delayMs'), prepareError(error)];
    await this.#database.change(sql.retryJob, values);
  }

  async buryJob({ id, claim }: Pick<Job, 'id' | 'claim'>, error: string): Promise<void> {
    await this.#database.change(sql.buryJob, [id, claim, prepareError(error)]);
  }

  async deadJobs({
    tenant,
    kind,
    limit,
  }: Parameters<SessionLog['deadJobs']>[0]): Promise<readonly DeadJob[]> {
    checkLimit(limit, logLimits.pageItems);
    return (await this.#database.query<DeadJobRow>(sql.deadJobs, [tenant, kind, limit])).map(deadJobOf);
  }

  async reviveJob(tenant: string, id: number): Promise<boolean> {
    return (await this.#database.change(sql.reviveJob, [id, tenant])) > 0;
  }

  async expired(olderThanMs: number, limit: number): Promise<readonly SessionRecord[]> {
    checkLimit(limit, logLimits.pageItems);
    const values = [checkMs(olderThanMs, 'olderThanMs'), limit];
    return (await this.#database.query<SessionRow>(sql.expired, values)).map(recordOf);
  }

  async remove(ref: SessionRef): Promise<void> {
    checkRef(ref);
    await this.#database.query(sql.remove, [ref.tenant, ref.sessionId]);
  }

  health(): Promise<{ readonly ok: boolean; readonly detail: string }> {
    return this.#database.query('select 1', []).then(
      () => ({ ok: true, detail: 'postgres' }),
      (err: unknown) => ({ ok: false, detail: err instanceof Error ? err.message : String(err) }),
    );
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #append(ref: SessionRef, message: NewMessage, last: boolean): Promise<AppendResult> {
    checkRef(ref);
    const prepared = prepareMessage(message);
    const { author, senderId, clientId, body, jobs } = prepared;
    const answer = await this.#ask<Answer>(sql.append, [
      ...[ref.tenant, ref.sessionId, author, senderId, clientId, body],
      ...[jobs.length > 0 ? JSON.stringify(jobs) : null, last, this.#bounds.messagesPerSession],
    ]);
    return appendResult(answer, prepared);
  }

  /** What a function of the schema answers. */
  async #ask<Result>(text: string, values: readonly unknown[]): Promise<Result> {
    const [row] = await this.#database.query<{ readonly answer: Result }>(text, values);
    return row?.answer as Result;
  }
}

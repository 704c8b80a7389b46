import type { Clock } from '../../../config/clock.js';
import { logLimits } from '../../../config/limits.js';
import type { Random } from '../../../config/random.js';
import type {
  AcquireResult,
  AppendResult,
  CommitResult,
  DeadJob,
  Job,
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
  prepareError,
  prepareJob,
  prepareJobs,
  prepareMessage,
  prepareTurn,
  type SessionBounds,
} from '../prepared.js';
import { BatchQueue } from './batch-queue.js';

export interface SqliteSettings {
  /** Made when it is not there, with its directory. */
  readonly file: string;
  /** full: what was acknowledged survives the loss of power; normal: the death of this process only. */
  readonly synchronous: 'full' | 'normal';
  readonly bounds?: SessionBounds;
}

/** A `SessionLog` in one SQLite file, for one node; the file is used on a thread of its own. */
export class SqliteSessionLog implements SessionLog {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #queue: BatchQueue;

  private constructor(clock: Clock, random: Random, queue: BatchQueue) {
    this.#clock = clock;
    this.#random = random;
    this.#queue = queue;
  }

  /** Rejects with LogError when the file is in use, was written by a newer Parley, or cannot be opened. */
  static async open(settings: SqliteSettings, clock: Clock, random: Random): Promise<SqliteSessionLog> {
    const { bounds = logLimits, file, synchronous } = settings;
    const { messagesPerSession, readersPerSession } = bounds;
    const queue = new BatchQueue({
      ...{ file, synchronous, busyMs: logLimits.busyMs },
      bounds: { messagesPerSession, readersPerSession },
    });
    const log = new SqliteSessionLog(clock, random, queue);
    try {
      await log.heads([]);
    } catch (err) {
      await queue.close();
      throw err;
    }
    return log;
  }

  async open(request: Parameters<SessionLog['open']>[0]): Promise<OpenResult> {
    checkOpen(request);
    const { jobs, ...opening } = request;
    return this.#queue.call('open', opening, prepareJobs(jobs), this.#now());
  }

  async session(ref: SessionRef): Promise<SessionRecord | null> {
    checkRef(ref);
    return this.#queue.call('session', ref, this.#now());
  }

  async sessions(query: SessionQuery): Promise<readonly SessionRecord[]> {
    checkName(query.tenant, 'tenant');
    checkLimit(query.limit, logLimits.sessionItems);
    return this.#queue.call('sessions', query, this.#now());
  }

  heads(refs: readonly SessionRef[]): Promise<readonly SessionHead[]> {
    return this.#queue.call('heads', refs, this.#now());
  }

  async append(ref: SessionRef, message: NewMessage): Promise<AppendResult> {
    checkRef(ref);
    return this.#queue.call('append', ref, prepareMessage(message), false, this.#now());
  }

  async read(ref: SessionRef, after: number, limit: number): Promise<readonly LogMessage[]> {
    checkCount(after, 'after');
    checkLimit(limit, logLimits.pageItems);
    return this.#queue.call('read', ref, after, limit);
  }

  async mark(ref: SessionRef, reader: string, marks: Partial<Marks>): Promise<Marks | null> {
    checkRef(ref);
    return this.#queue.call('mark', ref, reader, checkMarks(reader, marks), this.#now());
  }

  marks(ref: SessionRef): Promise<ReadonlyMap<string, Marks>> {
    return this.#queue.call('marks', ref, this.#now());
  }

  async end(ref: SessionRef, last: NewMessage): Promise<AppendResult> {
    checkRef(ref);
    return this.#queue.call('append', ref, prepareMessage(last), true, this.#now());
  }

  async acquire(ref: SessionRef, node: NodeIdentity, evenFrom: number | null): Promise<AcquireResult> {
    checkRef(ref);
    checkNode(node);
    return this.#queue.call('acquire', ref, node, evenFrom, this.#now());
  }

  release(ref: SessionRef, epoch: number): Promise<void> {
    return this.#queue.call('release', ref, epoch);
  }

  async commit(ref: SessionRef, turn: TurnCommit): Promise<CommitResult> {
    checkRef(ref);
    return this.#queue.call('commit', ref, prepareTurn(turn), this.#now());
  }

  async waiting(node: NodeIdentity, limit: number): Promise<readonly SessionHead[]> {
    checkNode(node);
    checkLimit(limit, logLimits.pageItems);
    return this.#queue.call('waiting', node, limit, this.#now());
  }

  async beat(node: NodeBeat, leaseMs: number): Promise<readonly NodeBeat[]> {
    checkNode(node);
    return this.#queue.call('beat', node, checkMs(leaseMs, 'leaseMs'), this.#now());
  }

  retire(node: NodeIdentity): Promise<void> {
    return this.#queue.call('retire', node);
  }

  async putJob(job: NewJob): Promise<void> {
    return this.#queue.call('putJobs', [prepareJob(job)], null, this.#now());
  }

  cancelJob(tenant: string, kind: string, key: string): Promise<void> {
    return this.#queue.call('cancelJob', tenant, kind, key);
  }

  async claimJobs(
    kinds: readonly string[],
    { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
  ): Promise<readonly Job[]> {
    checkLimit(limit, logLimits.pageItems);
    const claim = this.#random.hex(8);
    return this.#queue.call('claimJobs', kinds, limit, checkMs(leaseMs, 'leaseMs'), claim, this.#now());
  }

  finishJob({ id, claim }: Pick<Job, 'id' | 'claim'>): Promise<void> {
    return this.#queue.call('finishJob', { id, claim });
  }

  async retryJob({ id, claim }: Pick<Job, 'id' | 'claim'>, delayMs: number, error: string): Promise<void> {
    const wholeMs = checkMs(delayMs, 'delayMs');
    return this.#queue.call('retryJob', { id, claim }, wholeMs, prepareError(error), this.#now());
  }

  buryJob({ id, claim }: Pick<Job, 'id' | 'claim'>, error: string): Promise<void> {
    return this.#queue.call('buryJob', { id, claim }, prepareError(error), this.#now());
  }

  async deadJobs({
    tenant,
    kind,
    limit,
  }: Parameters<SessionLog['deadJobs']>[0]): Promise<readonly DeadJob[]> {
    checkLimit(limit, logLimits.pageItems);
    return this.#queue.call('deadJobs', tenant, kind, limit);
  }

  reviveJob(tenant: string, id: number): Promise<boolean> {
    return this.#queue.call('reviveJob', tenant, id, this.#now());
  }

  async expired(olderThanMs: number, limit: number): Promise<readonly SessionRecord[]> {
    checkLimit(limit, logLimits.pageItems);
    return this.#queue.call('expired', checkMs(olderThanMs, 'olderThanMs'), limit, this.#now());
  }

  remove(ref: SessionRef): Promise<void> {
    return this.#queue.call('remove', ref, this.#now());
  }

  health(): Promise<{ readonly ok: boolean; readonly detail: string }> {
    return this.heads([]).then(
      () => ({ ok: true, detail: 'sqlite' }),
      (err: unknown) => ({ ok: false, detail: err instanceof Error ? err.message : String(err) }),
    );
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  #now(): number {
    return Math.floor(this.#clock.epochMs());
  }
}

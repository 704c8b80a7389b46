import type { Clock } from '../../config/clock.js';
import { logLimits } from '../../config/limits.js';
import type { Random } from '../../config/random.js';
import {
  LogError,
  type AcquireResult,
  type AppendResult,
  type CommitResult,
  type DeadJob,
  type Job,
  type Json,
  type LogMessage,
  type NewJob,
  type NewMessage,
  type NodeBeat,
  type NodeIdentity,
  type OpenResult,
  type SessionHead,
  type SessionLog,
  type SessionQuery,
  type SessionRecord,
  type SessionRef,
  type TurnCommit,
} from '../../gateway/ports/session-log.js';
import type { Marks } from '../../gateway/websocket/protocol.js';
import { MemoryJobs } from './memory-jobs.js';
import { MemoryNodes } from './memory-nodes.js';
import { MemorySession } from './memory-session.js';
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
  takenSessionId,
  tooManyReaders,
  type PreparedJob,
  type PreparedMessage,
  type PreparedTurn,
  type SessionBounds,
} from './prepared.js';

/** A `SessionLog` in this process's memory: for tests (several nodes may share one) and for `store.kind: memory`. */
export class MemorySessionLog implements SessionLog {
  readonly #clock: Clock;
  readonly #bounds: SessionBounds;
  readonly #sessions = new Map<string, MemorySession>();
  /** By tenant, user and ingress. */
  readonly #open = new Map<string, MemorySession>();
  readonly #jobs: MemoryJobs;
  readonly #nodes = new MemoryNodes();
  #made = 0;
  #closed = false;

  constructor(clock: Clock, random: Random, bounds: SessionBounds = logLimits) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.#jobs = new MemoryJobs(random);
  }

  open(request: Parameters<SessionLog['open']>[0]): Promise<OpenResult> {
    return this.#do(() => {
      checkOpen(request);
      const jobs = prepareJobs(request.jobs);
      const name = openName(request);
      const open = this.#open.get(name);
      if (open) return { record: this.#record(open), created: false };
      if (this.#find(request)) throw takenSessionId(request.sessionId);
      const session = new MemorySession({
        ...request,
        ref: request,
        createdAtMs: this.#now(),
        order: ++this.#made,
      });
      this.#sessions.set(sessionName(request), session);
      this.#open.set(name, session);
      this.#putAll(jobs, null);
      return { record: this.#record(session), created: true };
    });
  }

  session(ref: SessionRef): Promise<SessionRecord | null> {
    return this.#do(() => {
      const session = this.#find(ref);
      return session && this.#record(session);
    });
  }

  sessions(query: SessionQuery): Promise<readonly SessionRecord[]> {
    return this.#do(() => {
      checkName(query.tenant, 'tenant');
      checkLimit(query.limit, logLimits.sessionItems);
      const { tenant, before } = query;
      const from = before === undefined ? Infinity : (this.#find({ tenant, sessionId: before })?.order ?? 0);
      return [...this.#sessions.values()]
        .filter((session) => session.ref.tenant === tenant && session.order < from && fits(session, query))
        .sort((a, b) => b.order - a.order)
        .slice(0, query.limit)
        .map((session) => this.#record(session));
    });
  }

  heads(refs: readonly SessionRef[]): Promise<readonly SessionHead[]> {
    return this.#do(() => refs.flatMap((ref) => this.#find(ref) ?? []).map((session) => this.#head(session)));
  }

  append(ref: SessionRef, message: NewMessage): Promise<AppendResult> {
    return this.#do(() => this.#append(ref, prepareMessage(message), false));
  }

  read(ref: SessionRef, after: number, limit: number): Promise<readonly LogMessage[]> {
    return this.#do(() => {
      checkCount(after, 'after');
      checkLimit(limit, logLimits.pageItems);
      return this.#find(ref)?.messages.slice(after, after + limit) ?? [];
    });
  }

  mark(ref: SessionRef, reader: string, marks: Partial<Marks>): Promise<Marks | null> {
    return this.#do(() => {
      const { delivered, read } = checkMarks(reader, marks);
      const session = this.#find(ref);
      if (!session) return null;
      const before = session.marks.get(reader);
      if (!before && session.marks.size >= this.#bounds.readersPerSession) throw tooManyReaders(this.#bounds);
      const raised = {
        delivered: Math.max(before?.delivered ?? 0, Math.min(delivered, session.lastSeq)),
        read: Math.max(before?.read ?? 0, Math.min(read, session.lastSeq)),
      };
      session.marks.set(reader, raised);
      return raised;
    });
  }

  marks(ref: SessionRef): Promise<ReadonlyMap<string, Marks>> {
    return this.#do(() => new Map(this.#find(ref)?.marks));
  }

  end(ref: SessionRef, last: NewMessage): Promise<AppendResult> {
    return this.#do(() => this.#append(ref, prepareMessage(last), true));
  }

  acquire(ref: SessionRef, node: NodeIdentity, evenFrom: number | null): Promise<AcquireResult> {
    return this.#do<AcquireResult>(() => {
      checkNode(node);
      const session = this.#find(ref);
      if (!session) return { outcome: 'unknown-session' };
      if (session.endedAtMs !== null) return { outcome: 'ended' };
      const owner = session.sessionOwner();
      if (owner && owner.epoch !== evenFrom && this.#otherLives(owner, node))
        return { outcome: 'held', owner };
      session.owner = { nodeId: node.nodeId, incarnation: node.incarnation };
      session.epoch++;
      const snapshot = JSON.parse(session.snapshot) as Json;
      return { outcome: 'acquired', record: this.#record(session), epoch: session.epoch, snapshot };
    });
  }

  release(ref: SessionRef, epoch: number): Promise<void> {
    return this.#do(() => {
      const session = this.#find(ref);
      if (session?.owner && session.epoch === epoch) session.owner = null;
    });
  }

  commit(ref: SessionRef, turn: TurnCommit): Promise<CommitResult> {
    return this.#do(() => this.#commit(ref, prepareTurn(turn)));
  }

  waiting(node: NodeIdentity, limit: number): Promise<readonly SessionHead[]> {
    return this.#do(() => {
      checkNode(node);
      checkLimit(limit, logLimits.pageItems);
      const found: { readonly session: MemorySession; readonly sinceMs: number }[] = [];
      for (const session of this.#open.values()) {
        const sinceMs = session.waitingSinceMs;
        if (sinceMs === null) continue;
        if (session.owner && this.#otherLives(session.owner, node)) continue;
        found.push({ session, sinceMs });
      }
      found.sort((a, b) => a.sinceMs - b.sinceMs || a.session.order - b.session.order);
      return found.slice(0, limit).map(({ session }) => this.#head(session));
    });
  }

  beat(node: NodeBeat, leaseMs: number): Promise<readonly NodeBeat[]> {
    return this.#do(() => {
      checkNode(node);
      return this.#nodes.beat(node, checkMs(leaseMs, 'leaseMs'), this.#now());
    });
  }

  retire(node: NodeIdentity): Promise<void> {
    return this.#do(() => this.#nodes.retire(node));
  }

  putJob(job: NewJob): Promise<void> {
    return this.#do(() => this.#putAll([prepareJob(job)], null));
  }

  cancelJob(tenant: string, kind: string, key: string): Promise<void> {
    return this.#do(() => this.#jobs.cancel(tenant, kind, key));
  }

  claimJobs(
    kinds: readonly string[],
    { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
  ): Promise<readonly Job[]> {
    return this.#do(() => {
      checkLimit(limit, logLimits.pageItems);
      return this.#jobs.claim(kinds, limit, checkMs(leaseMs, 'leaseMs'), this.#now());
    });
  }

  finishJob(job: Pick<Job, 'id' | 'claim'>): Promise<void> {
    return this.#do(() => this.#jobs.finish(job));
  }

  retryJob(job: Pick<Job, 'id' | 'claim'>, delayMs: number, _error: string): Promise<void> {
    return this.#do(() => this.#jobs.retry(job, this.#now() + checkMs(delayMs, 'delayMs')));
  }

  buryJob(job: Pick<Job, 'id' | 'claim'>, error: string): Promise<void> {
    return this.#do(() => this.#jobs.bury(job, prepareError(error), this.#now()));
  }

  deadJobs({ tenant, kind, limit }: Parameters<SessionLog['deadJobs']>[0]): Promise<readonly DeadJob[]> {
    return this.#do(() => {
      checkLimit(limit, logLimits.pageItems);
      return this.#jobs.dead(tenant, kind, limit);
    });
  }

  reviveJob(tenant: string, id: number): Promise<boolean> {
    return this.#do(() => this.#jobs.revive(tenant, id, this.#now()));
  }

  expired(olderThanMs: number, limit: number): Promise<readonly SessionRecord[]> {
    return this.#do(() => {
      const untilMs = this.#now() - checkMs(olderThanMs, 'olderThanMs');
      checkLimit(limit, logLimits.pageItems);
      const endedAt = (session: MemorySession): number => session.endedAtMs ?? Infinity;
      return [...this.#sessions.values()]
        .filter((session) => endedAt(session) <= untilMs)
        .sort((a, b) => endedAt(a) - endedAt(b) || a.order - b.order)
        .slice(0, limit)
        .map((session) => this.#record(session));
    });
  }

  remove(ref: SessionRef): Promise<void> {
    return this.#do(() => {
      const session = this.#find(ref);
      if (!session || session.endedAtMs === null) return;
      this.#sessions.delete(sessionName(ref));
      this.#jobs.removeOf(ref);
    });
  }

  health(): Promise<{ readonly ok: boolean; readonly detail: string }> {
    return Promise.resolve({ ok: !this.#closed, detail: this.#closed ? 'closed' : 'memory' });
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #append(ref: SessionRef, message: PreparedMessage, last: boolean): AppendResult {
    const session = this.#find(ref);
    if (!session) return { outcome: 'unknown-session' };
    const earlier = session.earlier(message);
    if (earlier && !earlier.same) return { outcome: 'conflict', seq: earlier.message.seq };
    if (earlier) return { outcome: 'duplicate', message: earlier.message, head: this.#head(session) };
    if (session.endedAtMs !== null) return { outcome: 'ended' };
    if (!last && session.lastSeq >= this.#bounds.messagesPerSession) return { outcome: 'full' };
    const kept = this.#add(session, message);
    if (last) this.#end(session);
    return { outcome: 'appended', message: kept, head: this.#head(session) };
  }

  #commit(ref: SessionRef, turn: PreparedTurn): CommitResult {
    const session = this.#find(ref);
    if (!session) return { outcome: 'unknown-session' };
    const kept = session.keptBefore(turn.messages);
    if (kept) return { outcome: 'committed', messages: kept, head: this.#head(session) };
    if (session.endedAtMs !== null) return { outcome: 'ended' };
    if (!session.owner || session.epoch !== turn.epoch)
      return { outcome: 'fenced', owner: session.sessionOwner() };
    const room = this.#bounds.messagesPerSession - session.lastSeq;
    if (!turn.end && turn.messages.length > room) return { outcome: 'full' };
    const messages = turn.messages.map((message) => this.#add(session, message));
    session.processedSeq = Math.max(session.processedSeq, Math.min(turn.processedSeq, session.lastSeq));
    session.snapshot = turn.snapshot;
    session.toType = turn.toType ?? session.toType;
    for (const { kind, key } of turn.cancelJobs) this.#jobs.cancel(ref.tenant, kind, key);
    this.#putAll(turn.jobs, null);
    if (turn.end) this.#end(session);
    return { outcome: 'committed', messages, head: this.#head(session) };
  }

  #add(session: MemorySession, message: PreparedMessage): LogMessage {
    const kept = session.add(message, this.#now());
    this.#putAll(message.jobs, kept.seq);
    return kept;
  }

  #end(session: MemorySession): void {
    session.endedAtMs = this.#now();
    this.#open.delete(openName({ ...session.ref, userId: session.userId, ingress: session.ingress }));
  }

  #putAll(jobs: readonly PreparedJob[], seq: number | null): void {
    for (const job of jobs) this.#jobs.put(job, seq, this.#now());
  }

  #find(ref: SessionRef): MemorySession | null {
    checkRef(ref);
    return this.#sessions.get(sessionName(ref)) ?? null;
  }

  #otherLives(owner: NodeIdentity, node: NodeIdentity): boolean {
    const own = owner.nodeId === node.nodeId && owner.incarnation === node.incarnation;
    return !own && this.#nodes.lives(owner, this.#now());
  }

  #head(session: MemorySession): SessionHead {
    return session.head(this.#nodes.lives(session.owner, this.#now()));
  }

  #record(session: MemorySession): SessionRecord {
    return session.record(this.#nodes.lives(session.owner, this.#now()));
  }

  #now(): number {
    return Math.floor(this.#clock.epochMs());
  }

  #do<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#closed) throw new LogError('the session log is closed');
      resolve(work());
    });
  }
}

function fits(session: MemorySession, { userId, state }: SessionQuery): boolean {
  const ended = session.endedAtMs !== null;
  return (
    (userId ?? session.userId) === session.userId && (state === undefined || (state === 'ended') === ended)
  );
}

function sessionName({ tenant, sessionId }: SessionRef): string {
  return `${tenant}\0${sessionId}`;
}

function openName(of: {
  readonly tenant: string;
  readonly userId: string;
  readonly ingress: string;
}): string {
  return `${of.tenant}\0${of.userId}\0${of.ingress}`;
}

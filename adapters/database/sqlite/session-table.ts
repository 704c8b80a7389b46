import type {
  AcquireResult,
  Json,
  NodeBeat,
  NodeIdentity,
  OpenResult,
  SessionHead,
  SessionLog,
  SessionQuery,
  SessionRecord,
  SessionRef,
} from '../../../gateway/ports/session-log.js';
import { takenSessionId, type PreparedJob } from '../prepared.js';
import type { Connection, SqlValue } from './connection.js';
import type { JobTable } from './job-table.js';
import { headOf, ownerOf, recordOf, type SessionRow } from '../rows.js';

type Opening = Omit<Parameters<SessionLog['open']>[0], 'jobs'>;

/** Sessions and whether their owners live; the only parameter is now. */
const selectSessions = `
  select s.*, n.node_id is not null as owner_lives from sessions s
  left join nodes n on n.node_id = s.owner_node and n.incarnation = s.owner_incarnation and n.until_ms > ?`;

/** Sessions, their owners, and the nodes that may own them. */
export class SessionTable {
  readonly #connection: Connection;
  readonly #jobs: JobTable;

  constructor(connection: Connection, jobs: JobTable) {
    this.#connection = connection;
    this.#jobs = jobs;
  }

  open(request: Opening, jobs: readonly PreparedJob[], nowMs: number): OpenResult {
    const { tenant, userId, ingress, tree, sessionId } = request;
    const found = this.#connection.first<SessionRow>(
      `${selectSessions} where s.tenant = ? and s.user_id = ? and s.ingress = ? and s.ended_at_ms is null`,
      ...[nowMs, tenant, userId, ingress],
    );
    if (found) return { record: recordOf(found), created: false };
    const made = this.#connection.run(
      `insert into sessions (tenant, session, user_id, ingress, tree, created_at_ms, last_at_ms)
       values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
      ...[tenant, sessionId, userId, ingress, tree, nowMs, nowMs],
    );
    const row = this.find({ tenant, sessionId }, nowMs);
    if (made === 0 || !row) throw takenSessionId(sessionId);
    this.#jobs.putJobs(jobs, null, nowMs);
    return { record: recordOf(row), created: true };
  }

  find({ tenant, sessionId }: SessionRef, nowMs: number): SessionRow | null {
    const sql = `${selectSessions} where s.tenant = ? and s.session = ?`;
    return this.#connection.first<SessionRow>(sql, nowMs, tenant, sessionId);
  }

  session(ref: SessionRef, nowMs: number): SessionRecord | null {
    const row = this.find(ref, nowMs);
    return row && recordOf(row);
  }

  sessions({ tenant, userId, state, before, limit }: SessionQuery, nowMs: number): SessionRecord[] {
    const wanted = ['s.tenant = ?'];
    const values: SqlValue[] = [nowMs, tenant];
    if (userId !== undefined) {
      wanted.push('s.user_id = ?');
      values.push(userId);
    }
    if (state !== undefined) wanted.push(`s.ended_at_ms is ${state === 'open' ? 'null' : 'not null'}`);
    if (before !== undefined) {
      wanted.push('s.id < (select id from sessions where tenant = ? and session = ?)');
      values.push(tenant, before);
    }
    const sql = `${selectSessions} where ${wanted.join(' and ')} order by s.id desc limit ?`;
    return this.#connection.all<SessionRow>(sql, ...values, limit).map(recordOf);
  }

  heads(refs: readonly SessionRef[], nowMs: number): SessionHead[] {
    return refs.flatMap((ref) => this.find(ref, nowMs) ?? []).map(headOf);
  }

  acquire(ref: SessionRef, node: NodeIdentity, evenFrom: number | null, nowMs: number): AcquireResult {
    const row = this.find(ref, nowMs);
    if (!row) return { outcome: 'unknown-session' };
    if (row.ended_at_ms !== null) return { outcome: 'ended' };
    const owner = ownerOf(row);
    const own = owner?.nodeId === node.nodeId && owner.incarnation === node.incarnation;
    if (owner && !own && row.owner_lives && owner.epoch !== evenFrom) return { outcome: 'held', owner };
    const epoch = row.epoch + 1;
    this.#connection.run(
      'update sessions set epoch = ?, owner_node = ?, owner_incarnation = ? where id = ?',
      ...[epoch, node.nodeId, node.incarnation, row.id],
    );
    const kept = this.#connection.first<{ readonly snapshot: string }>(
      'select snapshot from snapshots where session_id = ?',
      row.id,
    );
    return {
      outcome: 'acquired',
      record: recordOf(this.find(ref, nowMs) ?? row),
      epoch,
      snapshot: kept && (JSON.parse(kept.snapshot) as Json),
    };
  }

  release({ tenant, sessionId }: SessionRef, epoch: number): void {
    this.#connection.run(
      'update sessions set owner_node = null, owner_incarnation = null where tenant = ? and session = ? and epoch = ?',
      ...[tenant, sessionId, epoch],
    );
  }

  waiting(node: NodeIdentity, limit: number, nowMs: number): SessionHead[] {
    return this.#connection
      .all<SessionRow>(
        `${selectSessions} where s.waiting_since_ms is not null
         and (n.node_id is null or (s.owner_node = ? and s.owner_incarnation = ?))
         order by s.waiting_since_ms, s.id limit ?`,
        ...[nowMs, node.nodeId, node.incarnation, limit],
      )
      .map(headOf);
  }

  beat({ nodeId, incarnation, state, address }: NodeBeat, leaseMs: number, nowMs: number): NodeBeat[] {
    this.#connection.run(
      'insert or replace into nodes (node_id, incarnation, state, address, until_ms) values (?, ?, ?, ?, ?)',
      ...[nodeId, incarnation, state, address, nowMs + leaseMs],
    );
    this.#connection.run('delete from nodes where until_ms <= ?', nowMs);
    return this.#connection.all<NodeBeat>(
      'select node_id as nodeId, incarnation, state, address from nodes order by node_id',
    );
  }

  retire({ nodeId, incarnation }: NodeIdentity): void {
    this.#connection.run('delete from nodes where node_id = ? and incarnation = ?', nodeId, incarnation);
  }

  expired(olderThanMs: number, limit: number, nowMs: number): SessionRecord[] {
    return this.#connection
      .all<SessionRow>(
        `${selectSessions} where s.ended_at_ms <= ? order by s.ended_at_ms, s.id limit ?`,
        ...[nowMs, nowMs - olderThanMs, limit],
      )
      .map(recordOf);
  }

  remove(ref: SessionRef, nowMs: number): void {
    const row = this.find(ref, nowMs);
    if (!row || row.ended_at_ms === null) return;
    for (const table of ['messages', 'marks', 'snapshots'])
      this.#connection.run(`delete from ${table} where session_id = ?`, row.id);
    this.#jobs.removeOf(ref.tenant, ref.sessionId);
    this.#connection.run('delete from sessions where id = ?', row.id);
  }
}

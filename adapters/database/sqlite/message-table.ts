import type {
  AppendResult,
  CommitResult,
  LogMessage,
  SessionRef,
} from '../../../gateway/ports/session-log.js';
import type { Marks } from '../../../gateway/websocket/protocol.js';
import {
  otherTurn,
  tooManyReaders,
  type PreparedMessage,
  type PreparedTurn,
  type SessionBounds,
} from '../prepared.js';
import type { Connection } from './connection.js';
import type { JobTable } from './job-table.js';
import { headOf, messageOf, ownerOf, type MessageRow, type SessionRow } from '../rows.js';
import type { SessionTable } from './session-table.js';

/** Messages, the turns that make them, and what readers have seen of them. */
export class MessageTable {
  readonly #connection: Connection;
  readonly #sessions: SessionTable;
  readonly #jobs: JobTable;
  readonly #bounds: SessionBounds;

  constructor(connection: Connection, sessions: SessionTable, jobs: JobTable, bounds: SessionBounds) {
    this.#connection = connection;
    this.#sessions = sessions;
    this.#jobs = jobs;
    this.#bounds = bounds;
  }

  append(ref: SessionRef, message: PreparedMessage, last: boolean, nowMs: number): AppendResult {
    const session = this.#sessions.find(ref, nowMs);
    if (!session) return { outcome: 'unknown-session' };
    const earlier = this.#earlier(session, message);
    if (earlier && !holds(earlier, message)) return { outcome: 'conflict', seq: earlier.seq };
    if (earlier) return { outcome: 'duplicate', message: messageOf(earlier), head: headOf(session) };
    if (session.ended_at_ms !== null) return { outcome: 'ended' };
    if (!last && session.last_seq >= this.#bounds.messagesPerSession) return { outcome: 'full' };
    const kept = this.#insert(session, session.last_seq + 1, message, nowMs);
    const isInput = message.author === 'user';
    const after: SessionRow = {
      ...session,
      last_seq: kept.seq,
      input_seq: isInput ? kept.seq : session.input_seq,
      waiting_since_ms: last ? null : (session.waiting_since_ms ?? (isInput ? nowMs : null)),
      last_at_ms: nowMs,
      ended_at_ms: last ? nowMs : null,
    };
    this.#connection.run(
      `update sessions set last_seq = ?, input_seq = ?, waiting_since_ms = ?, last_at_ms = ?, ended_at_ms = ?
       where id = ?`,
      ...[after.last_seq, after.input_seq, after.waiting_since_ms, nowMs, after.ended_at_ms, session.id],
    );
    return { outcome: 'appended', message: kept, head: headOf(after) };
  }

  commit(ref: SessionRef, turn: PreparedTurn, nowMs: number): CommitResult {
    const session = this.#sessions.find(ref, nowMs);
    if (!session) return { outcome: 'unknown-session' };
    const before = this.#keptBefore(session, turn.messages);
    if (before) return { outcome: 'committed', messages: before, head: headOf(session) };
    if (session.ended_at_ms !== null) return { outcome: 'ended' };
    const owner = ownerOf(session);
    if (owner?.epoch !== turn.epoch) return { outcome: 'fenced', owner };
    const room = this.#bounds.messagesPerSession - session.last_seq;
    if (!turn.end && turn.messages.length > room) return { outcome: 'full' };
    const messages = turn.messages.map((message, i) =>
      this.#insert(session, session.last_seq + 1 + i, message, nowMs),
    );
    for (const { kind, key } of turn.cancelJobs) this.#jobs.cancelJob(ref.tenant, kind, key);
    this.#jobs.putJobs(turn.jobs, null, nowMs);
    const after = this.#after(session, turn, messages, nowMs);
    this.#update(after, turn.snapshot);
    return { outcome: 'committed', messages, head: headOf(after) };
  }

  read(ref: SessionRef, after: number, limit: number): LogMessage[] {
    return this.#connection
      .all<MessageRow>(
        `select m.seq, m.author, m.sender_id, m.client_id, m.body, m.at_ms
         from sessions s join messages m on m.session_id = s.id
         where s.tenant = ? and s.session = ? and m.seq > ? order by m.seq limit ?`,
        ...[ref.tenant, ref.sessionId, after, limit],
      )
      .map(messageOf);
  }

  mark(ref: SessionRef, reader: string, marks: Marks, nowMs: number): Marks | null {
    const session = this.#sessions.find(ref, nowMs);
    if (!session) return null;
    const { readers, known } = this.#connection.first<{ readonly readers: number; readonly known: number }>(
      'select count(*) as readers, count(*) filter (where reader = ?) as known from marks where session_id = ?',
      ...[reader, session.id],
    ) ?? { readers: 0, known: 0 };
    if (known === 0 && readers >= this.#bounds.readersPerSession) throw tooManyReaders(this.#bounds);
    return this.#connection.first<Marks>(
      `insert into marks (session_id, reader, delivered, read) values (?, ?, ?, ?)
       on conflict do update set delivered = max(delivered, excluded.delivered), read = max(read, excluded.read)
       returning delivered, read`,
      ...[
        session.id,
        reader,
        Math.min(marks.delivered, session.last_seq),
        Math.min(marks.read, session.last_seq),
      ],
    );
  }

  marks(ref: SessionRef, nowMs: number): Map<string, Marks> {
    const session = this.#sessions.find(ref, nowMs);
    const rows = this.#connection.all<Marks & { readonly reader: string }>(
      'select reader, delivered, read from marks where session_id = ?',
      session?.id ?? 0,
    );
    return new Map(rows.map(({ reader, delivered, read }) => [reader, { delivered, read }]));
  }

  #earlier(session: SessionRow, { senderId, clientId }: PreparedMessage): MessageRow | null {
    if (clientId === null) return null;
    return this.#connection.first<MessageRow>(
      'select * from messages where session_id = ? and sender_id = ? and client_id = ?',
      ...[session.id, senderId, clientId],
    );
  }

  /** The messages of a turn that was kept before; null when its client ids are new. */
  #keptBefore(session: SessionRow, messages: readonly PreparedMessage[]): LogMessage[] | null {
    const named = messages.findIndex(({ clientId }) => clientId !== null);
    const first = messages[named];
    const earlier = first && this.#earlier(session, first);
    if (!earlier) return null;
    const rows = this.#connection.all<MessageRow>(
      'select * from messages where session_id = ? and seq >= ? order by seq limit ?',
      ...[session.id, earlier.seq - named, messages.length],
    );
    const same = messages.every((message, i) => rows[i] !== undefined && holds(rows[i], message));
    if (!same) throw otherTurn();
    return rows.map(messageOf);
  }

  #insert(session: SessionRow, seq: number, message: PreparedMessage, nowMs: number): LogMessage {
    const { author, senderId, clientId, body } = message;
    this.#connection.run(
      'insert into messages (session_id, seq, author, sender_id, client_id, body, at_ms) values (?, ?, ?, ?, ?, ?, ?)',
      ...[session.id, seq, author, senderId, clientId, body, nowMs],
    );
    this.#jobs.putJobs(message.jobs, seq, nowMs);
    return messageOf({ seq, author, sender_id: senderId, client_id: clientId, body, at_ms: nowMs });
  }

  #after(
    session: SessionRow,
    turn: PreparedTurn,
    messages: readonly LogMessage[],
    nowMs: number,
  ): SessionRow {
    const lastSeq = session.last_seq + messages.length;
    const processedSeq = Math.max(session.processed_seq, Math.min(turn.processedSeq, lastSeq));
    const inputSeq = messages.findLast(({ author }) => author === 'user')?.seq ?? session.input_seq;
    const waits = !turn.end && processedSeq < inputSeq;
    return {
      ...session,
      to_type: turn.toType ?? session.to_type,
      last_seq: lastSeq,
      input_seq: inputSeq,
      processed_seq: processedSeq,
      waiting_since_ms: waits ? this.#inputAfter(session, processedSeq) : null,
      last_at_ms: messages.length > 0 ? nowMs : session.last_at_ms,
      ended_at_ms: turn.end ? nowMs : null,
    };
  }

  #inputAfter(session: SessionRow, seq: number): number | null {
    const row = this.#connection.first<Pick<MessageRow, 'at_ms'>>(
      "select at_ms from messages where session_id = ? and seq > ? and author = 'user' order by seq limit 1",
      ...[session.id, seq],
    );
    return row && row.at_ms;
  }

  #update(after: SessionRow, snapshot: string): void {
    this.#connection.run(
      `update sessions set to_type = ?, last_seq = ?, input_seq = ?, processed_seq = ?, waiting_since_ms = ?,
       last_at_ms = ?, ended_at_ms = ? where id = ?`,
      ...[after.to_type, after.last_seq, after.input_seq, after.processed_seq, after.waiting_since_ms],
      ...[after.last_at_ms, after.ended_at_ms, after.id],
    );
    this.#connection.run(
      'insert or replace into snapshots (session_id, snapshot) values (?, ?)',
      ...[after.id, snapshot],
    );
  }
}

function holds(row: MessageRow, { author, senderId, clientId, body }: PreparedMessage): boolean {
  const sameSender = row.author === author && row.sender_id === senderId && row.client_id === clientId;
  return sameSender && row.body === body;
}

import type {
  DeadJob,
  Job,
  Json,
  LogMessage,
  SessionHead,
  SessionOwner,
  SessionRecord,
} from '../../gateway/ports/session-log.js';
import type { Author, MessageBody } from '../../gateway/websocket/protocol.js';

/** A row of `sessions` with whether its owner lives, as `sessionColumns` selects it. */
export interface SessionRow {
  readonly id: number;
  readonly tenant: string;
  readonly session: string;
  readonly user_id: string;
  readonly ingress: string;
  readonly tree: string | null;
  readonly to_type: 'bot' | 'human';
  readonly last_seq: number;
  readonly input_seq: number;
  readonly processed_seq: number;
  readonly waiting_since_ms: number | null;
  readonly epoch: number;
  readonly owner_node: string | null;
  readonly owner_incarnation: string | null;
  readonly created_at_ms: number;
  readonly last_at_ms: number;
  readonly ended_at_ms: number | null;
  /** SQLite has no booleans: 1 or 0. */
  readonly owner_lives: number | boolean;
}

export interface MessageRow {
  readonly seq: number;
  readonly author: Author;
  readonly sender_id: string;
  readonly client_id: string | null;
  readonly body: string;
  readonly at_ms: number;
}

export interface JobRow {
  readonly id: number;
  readonly tenant: string;
  readonly kind: string;
  readonly key: string;
  readonly session: string;
  readonly seq: number | null;
  readonly payload: string;
  readonly created_at_ms: number;
  readonly due_at_ms: number;
  readonly attempts: number;
}

export interface DeadJobRow extends JobRow {
  readonly error: string;
  readonly died_at_ms: number;
}

export function ownerOf(row: SessionRow): SessionOwner | null {
  if (row.owner_node === null || row.owner_incarnation === null) return null;
  return { nodeId: row.owner_node, incarnation: row.owner_incarnation, epoch: row.epoch };
}

export function headOf(row: SessionRow): SessionHead {
  return {
    ref: { tenant: row.tenant, sessionId: row.session },
    userId: row.user_id,
    state: row.ended_at_ms === null ? 'open' : 'ended',
    toType: row.to_type,
    lastSeq: row.last_seq,
    inputSeq: row.input_seq,
    processedSeq: row.processed_seq,
    owner: ownerOf(row),
    ownerLives: Boolean(row.owner_lives),
  };
}

export function recordOf(row: SessionRow): SessionRecord {
  return {
    ...headOf(row),
    ingress: row.ingress,
    tree: row.tree,
    createdAtMs: row.created_at_ms,
    lastAtMs: row.last_at_ms,
    endedAtMs: row.ended_at_ms,
  };
}

export function messageOf(row: MessageRow): LogMessage {
  return {
    seq: row.seq,
    author: row.author,
    senderId: row.sender_id,
    clientId: row.client_id,
    body: JSON.parse(row.body) as MessageBody,
    atMs: row.at_ms,
  };
}

export function jobOf(row: JobRow): Omit<Job, 'claim'> {
  return {
    id: row.id,
    kind: row.kind,
    key: row.key,
    ref: { tenant: row.tenant, sessionId: row.session },
    seq: row.seq,
    payload: JSON.parse(row.payload) as Json,
    dueAtMs: row.due_at_ms,
    createdAtMs: row.created_at_ms,
    attempts: row.attempts,
  };
}

export function deadJobOf(row: DeadJobRow): DeadJob {
  return { ...jobOf(row), error: row.error, diedAtMs: row.died_at_ms };
}

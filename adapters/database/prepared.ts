import { logLimits } from '../../config/limits.js';
import {
  LogError,
  type Json,
  type NewJob,
  type NewMessage,
  type NodeIdentity,
  type SessionLog,
  type SessionRef,
  type TurnCommit,
} from '../../gateway/ports/session-log.js';
import type { Author, Marks } from '../../gateway/websocket/protocol.js';

/** Bounds of a session that tests make smaller. */
export interface SessionBounds {
  readonly messagesPerSession: number;
  readonly readersPerSession: number;
}

/** A job as stores keep it: checked, its payload as JSON text. */
export interface PreparedJob {
  readonly tenant: string;
  readonly sessionId: string;
  readonly kind: string;
  readonly key: string;
  readonly delayMs: number;
  readonly payload: string;
}

/** A message as stores keep it: checked, its body as JSON text with sorted keys, so that equal bodies are equal texts. */
export interface PreparedMessage {
  readonly author: Author;
  readonly senderId: string;
  readonly clientId: string | null;
  readonly body: string;
  readonly jobs: readonly PreparedJob[];
}

/** A turn as stores keep it. */
export interface PreparedTurn {
  readonly epoch: number;
  readonly processedSeq: number;
  readonly snapshot: string;
  readonly messages: readonly PreparedMessage[];
  readonly toType: 'bot' | 'human' | null;
  readonly end: boolean;
  readonly jobs: readonly PreparedJob[];
  readonly cancelJobs: readonly { readonly kind: string; readonly key: string }[];
}

/** Throws RangeError for a name that is empty, too long, or that not every store can keep (control characters). */
export function checkName(name: string, field: string): void {
  if (name === '') throw new RangeError(`${field} is empty`);
  checkText(name, field);
}

/** As `checkName`, for a name that may be empty. */
export function checkText(text: string, field: string): void {
  const most = logLimits.nameCharacters;
  if (text.length > most)
    throw new RangeError(`${field} has ${text.length} characters, at most ${most} are kept`);
  if (/[\p{Cc}\p{Cs}]/u.test(text))
    throw new RangeError(`${field} holds a control character or half a character`);
}

export function checkRef({ tenant, sessionId }: SessionRef): void {
  checkName(tenant, 'tenant');
  checkName(sessionId, 'sessionId');
}

export function checkNode({ nodeId, incarnation }: NodeIdentity): void {
  checkName(nodeId, 'nodeId');
  checkName(incarnation, 'incarnation');
}

export function checkOpen(request: Parameters<SessionLog['open']>[0]): void {
  checkRef(request);
  checkName(request.userId, 'userId');
  checkName(request.ingress, 'ingress');
  if (request.tree !== null) checkName(request.tree, 'tree');
}

/** Both marks; what is absent is 0 and so raises nothing. */
export function checkMarks(reader: string, { delivered = 0, read = 0 }: Partial<Marks>): Marks {
  checkName(reader, 'reader');
  checkCount(delivered, 'delivered');
  checkCount(read, 'read');
  return { delivered, read };
}

/** Throws RangeError unless `limit` is a whole number from 1 to `most`. */
export function checkLimit(limit: number, most: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw new RangeError(`limit is ${limit}, not a whole number from 1 to ${most}`);
}

/** Throws RangeError unless `value` is a whole number from 0. */
export function checkCount(value: number, field: string): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${field} is ${value}, not a whole number from 0`);
}

/** Throws RangeError for a time that is negative, and for Infinity and NaN; the result is whole milliseconds. */
export function checkMs(ms: number, field: string): number {
  const whole = Math.round(ms);
  checkCount(whole, field);
  return whole;
}

export function prepareJob(job: NewJob): PreparedJob {
  checkRef(job.ref);
  checkName(job.kind, 'job.kind');
  checkName(job.key, 'job.key');
  return {
    tenant: job.ref.tenant,
    sessionId: job.ref.sessionId,
    kind: job.kind,
    key: job.key,
    delayMs: checkMs(job.delayMs, 'job.delayMs'),
    payload: encode(job.payload, 'job.payload', logLimits.jobPayloadBytes),
  };
}

export function prepareJobs(jobs: readonly NewJob[] = []): readonly PreparedJob[] {
  checkItems(jobs, 'jobs');
  return jobs.map(prepareJob);
}

export function prepareMessage(message: NewMessage): PreparedMessage {
  checkText(message.senderId, 'message.senderId');
  if (message.clientId !== null) checkName(message.clientId, 'message.clientId');
  return {
    author: message.author,
    senderId: message.senderId,
    clientId: message.clientId,
    body: encode(sortKeys(message.body), 'message.body', logLimits.bodyBytes),
    jobs: prepareJobs(message.jobs),
  };
}

export function prepareTurn(turn: TurnCommit): PreparedTurn {
  checkCount(turn.epoch, 'epoch');
  checkCount(turn.processedSeq, 'processedSeq');
  checkItems(turn.messages, 'messages');
  checkItems(turn.cancelJobs ?? [], 'cancelJobs');
  checkClientIds(turn.messages);
  for (const { kind, key } of turn.cancelJobs ?? []) {
    checkName(kind, 'cancelJobs.kind');
    checkName(key, 'cancelJobs.key');
  }
  return {
    epoch: turn.epoch,
    processedSeq: turn.processedSeq,
    snapshot: encode(turn.snapshot, 'snapshot', logLimits.snapshotBytes),
    messages: turn.messages.map(prepareMessage),
    toType: turn.toType ?? null,
    end: turn.end ?? false,
    jobs: prepareJobs(turn.jobs),
    cancelJobs: turn.cancelJobs ?? [],
  };
}

/** Cut to what is kept of it, and without what not every store can keep. */
export function prepareError(error: string): string {
  return error.slice(0, logLimits.jobErrorCharacters).replace(/[\p{Cc}\p{Cs}]/gu, ' ');
}

/** A session has as many readers as it may have. */
export function tooManyReaders({ readersPerSession }: SessionBounds): RangeError {
  return new RangeError(`the session has ${readersPerSession} readers, and no more are kept`);
}

/** A turn is committed again with messages that are not those that were kept. */
export function otherTurn(): LogError {
  return new LogError('the client ids of this turn were used for other messages');
}

/** A new session has the id of another user's, or of one that has ended. */
export function takenSessionId(sessionId: string): LogError {
  return new LogError(`the session id ${sessionId} is taken`);
}

function checkItems(items: readonly unknown[], field: string): void {
  if (items.length > logLimits.pageItems)
    throw new RangeError(`${field} has ${items.length} entries, at most ${logLimits.pageItems} are taken`);
}

function checkClientIds(messages: readonly NewMessage[]): void {
  const seen = new Set<string>();
  for (const { senderId, clientId } of messages) {
    if (clientId === null) continue;
    const name = `${senderId}\0${clientId}`;
    if (seen.has(name)) throw new RangeError(`messages holds the client id ${clientId} twice`);
    seen.add(name);
  }
}

function encode(value: Json | object, field: string, mostBytes: number): string {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes) throw new RangeError(`${field} has ${bytes} bytes, at most ${mostBytes} are kept`);
  return text;
}

function sortKeys(value: unknown): object {
  return mapKeys(value) as object;
}

function mapKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mapKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, mapKeys(inner)]),
  );
}

import { isDeepStrictEqual } from 'node:util';

import type {
  AcquireResult,
  AppendResult,
  Job,
  LogMessage,
  NewJob,
  NewMessage,
  NodeIdentity,
  SessionLog,
  SessionRef,
  TurnCommit,
} from '../../gateway/ports/session-log.js';

/** A store under test, as two nodes see it. */
export interface SessionLogFixture {
  readonly log: SessionLog;
  /** The same store through another node's connections; `log` itself where only one node can have it. */
  readonly other: SessionLog;
  /** As the store was made with; at least 100 messages and 2 readers. */
  readonly bounds: { readonly messagesPerSession: number; readonly readersPerSession: number };
  /** Lets the store's time pass. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const alpha: NodeIdentity = { nodeId: 'alpha', incarnation: 'a1' };
export const beta: NodeIdentity = { nodeId: 'beta', incarnation: 'b1' };
export const leaseMs = 60_000;

export function refOf(sessionId: string, tenant = 'shop'): SessionRef {
  return { tenant, sessionId };
}

/** A new session of a user of its own. */
export async function opened(log: SessionLog, sessionId = 'first', tenant = 'shop'): Promise<SessionRef> {
  await log.open({ tenant, sessionId, userId: `user of ${sessionId}`, ingress: 'chat', tree: null });
  return refOf(sessionId, tenant);
}

export function said(text: string, clientId: string | null = null, senderId = 'ann'): NewMessage {
  return { author: 'user', senderId, clientId, body: { type: 'text', text } };
}

export function answered(text: string, clientId: string | null = null): NewMessage {
  return { author: 'bot', senderId: '', clientId, body: { type: 'text', text } };
}

export const goodbye: NewMessage = {
  author: 'system',
  senderId: '',
  clientId: null,
  body: { type: 'event', event: 'ended', text: 'over' },
};

export function turnOf(epoch: number, changes: Partial<TurnCommit> = {}): TurnCommit {
  return { epoch, processedSeq: 0, snapshot: { step: epoch }, messages: [], ...changes };
}

export function jobOf(ref: SessionRef, key: string, changes: Partial<NewJob> = {}): NewJob {
  return { kind: 'test', key, delayMs: 0, ref, payload: { key }, ...changes };
}

export function beat(log: SessionLog, node: NodeIdentity): Promise<unknown> {
  return log.beat({ ...node, state: 'up', address: `${node.nodeId}:8080` }, leaseMs);
}

/** The epoch of an acquisition, 0 when there was none. */
export function epochOf(result: AcquireResult): number {
  return result.outcome === 'acquired' ? result.epoch : 0;
}

/** The number of an appended message, 0 when nothing was appended now. */
export function seqOf(result: AppendResult): number {
  return result.outcome === 'appended' ? result.message.seq : 0;
}

export function textsOf(messages: readonly LogMessage[]): string[] {
  return messages.map(({ body }) => body.text);
}

export async function textsIn(log: SessionLog, ref: SessionRef): Promise<string[]> {
  return textsOf(await log.read(ref, 0, 500));
}

export function claimAll(log: SessionLog, kinds: readonly string[] = ['test']): Promise<readonly Job[]> {
  return log.claimJobs(kinds, { limit: 100, leaseMs });
}

export async function claimedKeys(log: SessionLog, kinds?: readonly string[]): Promise<string[]> {
  return (await claimAll(log, kinds)).map(({ key }) => key);
}

/** The name of the error that a call rejects with; empty when it does not. */
export function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => '',
    (err: unknown) => (err instanceof Error ? err.name : 'no error'),
  );
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

export const equal: (a: unknown, b: unknown) => boolean = isDeepStrictEqual;

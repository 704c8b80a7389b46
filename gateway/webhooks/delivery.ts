import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { Job, LogMessage, SessionLog, SessionRecord } from '../ports/session-log.js';
import type { WebhookPayload } from './webhook-jobs.js';

/** One event as it is sent. */
export interface Delivery {
  readonly event: WebhookPayload['event'] | 'test';
  /** The same over all attempts and nodes. */
  readonly id: string;
  /** JSON. */
  readonly body: Buffer;
}

const payload: z.ZodType<WebhookPayload> = z.object({
  event: z.enum(['session.opened', 'session.ended', 'message.created']),
  user: z.string(),
  ingress: z.string(),
});

/** Reads what a job carries; null when no `WebhookJobs` made it. */
export function readPayload(job: Pick<Job, 'payload'>): WebhookPayload | null {
  return payload.safeParse(job.payload).data ?? null;
}

/** What receivers tell repeated deliveries by. */
export function deliveryId({ key, kind, ref }: Pick<Job, 'key' | 'kind' | 'ref'>): string {
  const name = JSON.stringify([ref.tenant, kind, key]);
  return createHash('sha256').update(name, 'utf8').digest('hex').slice(0, 32);
}

/** Reads what the event is about from the log; null when it is not there any more. Rejects with LogError. */
export async function prepareDelivery(
  job: Job,
  { event, ingress, user }: WebhookPayload,
  log: Pick<SessionLog, 'read' | 'session'>,
): Promise<Delivery | null> {
  const about =
    event === 'message.created'
      ? await aboutMessage(job, log)
      : aboutSession(event, await log.session(job.ref));
  if (!about) return null;
  const id = deliveryId(job);
  const { sessionId, tenant } = job.ref;
  const body = { id, event, tenant, session: sessionId, user, ingress, ...about };
  return { event, id, body: Buffer.from(JSON.stringify(body)) };
}

/** A delivery that tells of nothing, for operators who want to know whether a hook works. */
export function testDelivery(id: string, tenant: string, atMs: number): Delivery {
  return { event: 'test', id, body: Buffer.from(JSON.stringify({ id, event: 'test', tenant, at: atMs })) };
}

interface About {
  readonly at: number;
  readonly seq: number;
  readonly [more: string]: unknown;
}

async function aboutMessage({ ref, seq }: Job, log: Pick<SessionLog, 'read'>): Promise<About | null> {
  if (seq === null || seq < 1) return null;
  const [message] = await log.read(ref, seq - 1, 1);
  return message?.seq === seq ? { at: message.atMs, seq, message: messageOf(message) } : null;
}

function messageOf({ author, body, clientId, senderId }: LogMessage) {
  return { author, sender: senderId, id: clientId, body };
}

/** Of a session that was opened nothing came before (`seq` 0); of one that ended, nothing comes after `seq`. */
function aboutSession(event: WebhookPayload['event'], record: SessionRecord | null): About | null {
  if (!record) return null;
  const { createdAtMs, endedAtMs, lastSeq, tree } = record;
  if (event === 'session.opened') return { at: createdAtMs, seq: 0, tree };
  return { at: endedAtMs ?? createdAtMs, seq: lastSeq, tree };
}

import type { Random } from '../../../config/random.js';
import type { ChatSessions, SubmitRequest, SubmitResult } from '../../chat/chat-sessions.js';
import { LogError, type LogMessage, type SessionLog, type SessionRecord } from '../../ports/session-log.js';
import type { SessionQuery, SessionRef } from '../../ports/session-log.js';
import type { Author, Marks } from '../../websocket/protocol.js';
import type { WebhookJobs } from '../../webhooks/webhook-jobs.js';

type Chat = Pick<ChatSessions, 'end' | 'list' | 'mark' | 'marks' | 'open' | 'read' | 'session' | 'submit'>;

/** Chat sessions without a bot: what is asked of them goes to the log as it is, with the jobs of webhooks. */
export class LogChat implements Chat {
  readonly #log: SessionLog;
  readonly #random: Random;
  readonly #webhooks: WebhookJobs;

  constructor(log: SessionLog, random: Random, webhooks: WebhookJobs) {
    this.#log = log;
    this.#random = random;
    this.#webhooks = webhooks;
  }

  open({ ingress, tree, user }: Parameters<Chat['open']>[0]): ReturnType<Chat['open']> {
    const sessionId = this.#random.hex(8);
    const ref = { tenant: user.tenant, sessionId };
    const jobs = this.#webhooks.opened({ ref, userId: user.userId, ingress });
    return this.#log.open({ ...user, ingress, tree, sessionId, jobs });
  }

  session(ref: SessionRef): Promise<SessionRecord | null> {
    return this.#log.session(ref);
  }

  list(query: SessionQuery): Promise<readonly SessionRecord[]> {
    return this.#log.sessions(query);
  }

  async submit(ref: SessionRef, request: SubmitRequest): Promise<SubmitResult> {
    try {
      const record = await this.#log.session(ref);
      if (!record) return { outcome: 'unknown-session' };
      const jobs = this.#webhooks.message(record);
      const result = await this.#log.append(ref, { ...request, jobs });
      if (result.outcome !== 'appended' && result.outcome !== 'duplicate') return { outcome: result.outcome };
      return { outcome: result.outcome, seq: result.message.seq, atMs: result.message.atMs };
    } catch (err) {
      if (err instanceof LogError) return { outcome: 'unavailable' };
      throw err;
    }
  }

  read(ref: SessionRef, after: number, limit: number): Promise<readonly LogMessage[]> {
    return this.#log.read(ref, after, limit);
  }

  async mark(ref: SessionRef, reader: string, marks: Partial<Marks>): Promise<void> {
    await this.#log.mark(ref, reader, marks);
  }

  marks(ref: SessionRef): Promise<ReadonlyMap<string, Marks>> {
    return this.#log.marks(ref);
  }

  async end(ref: SessionRef, by: Author, text: string): Promise<boolean> {
    const record = await this.#log.session(ref);
    if (!record) return false;
    const body = { type: 'event', event: 'ended', text } as const;
    const jobs = [...this.#webhooks.message(record), ...this.#webhooks.ended(record)];
    const result = await this.#log.end(ref, { author: by, senderId: '', clientId: null, body, jobs });
    return result.outcome === 'appended';
  }
}

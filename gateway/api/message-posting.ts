import { createHash } from 'node:crypto';

import type { Clock } from '../../config/clock.js';
import { apiLimits } from '../../config/limits.js';
import type { ChatSessions, SubmitRequest, SubmitResult } from '../chat/chat-sessions.js';
import type { SessionRef } from '../ports/session-log.js';
import type { NewMessageInput } from './session-schemas.js';
import { bodyOf } from './session-views.js';

/** A message as the API was asked to write it. */
export interface Posting {
  readonly tenant: string;
  /** Name of the API key. */
  readonly key: string;
  /** Null: each attempt is a message of its own. */
  readonly idempotencyKey: string | null;
  readonly message: NewMessageInput;
}

/** What became of it, and in which session. */
export interface Posted {
  readonly sessionId: string;
  readonly result: SubmitResult;
}

type Chat = Pick<ChatSessions, 'list' | 'open' | 'submit'>;

/** Writes the same message once, however often it is posted with one idempotency key. */
export class MessagePosting {
  readonly #chat: Chat;
  readonly #clock: Clock;

  constructor(chat: Chat, clock: Clock) {
    this.#chat = chat;
    this.#clock = clock;
  }

  async toSession(sessionId: string, posting: Posting): Promise<Posted> {
    const ref = { tenant: posting.tenant, sessionId };
    return { sessionId, result: await this.#chat.submit(ref, submission(posting)) };
  }

  /** To the user's open session of this ingress or a new one; a repeated message stays in the session that has it. */
  async toUser(
    userId: string,
    { ingress, tree }: { readonly ingress: string; readonly tree: string | null },
    posting: Posting,
  ): Promise<Posted> {
    const user = { tenant: posting.tenant, userId };
    const request = submission(posting);
    const earlier = posting.idempotencyKey === null ? null : await this.#repeated(user, ingress, request);
    if (earlier) return earlier;
    for (let attempt = 1; ; attempt++) {
      const { record } = await this.#chat.open({ user, ingress, tree });
      const result = await this.#chat.submit(record.ref, request);
      // Ended in the moment between: there is room in a new one.
      const gone = result.outcome === 'ended' || result.outcome === 'unknown-session';
      if (!gone || attempt >= apiLimits.openAttempts) return { sessionId: record.ref.sessionId, result };
    }
  }

  /** What an ended session that may hold the message says to it; null when none knows it. */
  async #repeated(
    user: { readonly tenant: string; readonly userId: string },
    ingress: string,
    request: SubmitRequest,
  ): Promise<Posted | null> {
    const ended = await this.#chat.list({ ...user, state: 'ended', limit: apiLimits.repeatSessions });
    const sinceMs = this.#clock.epochMs() - apiLimits.repeatMs;
    for (const record of ended) {
      if (record.ingress !== ingress || (record.endedAtMs ?? 0) < sinceMs) continue;
      const ref: SessionRef = record.ref;
      const result = await this.#chat.submit(ref, request);
      if (result.outcome !== 'ended' && result.outcome !== 'unknown-session')
        return { sessionId: ref.sessionId, result };
    }
    return null;
  }
}

function submission({ idempotencyKey, key, message }: Posting): SubmitRequest {
  return {
    author: message.author,
    senderId: message.author === 'agent' ? (message.name ?? key) : key,
    clientId: idempotencyKey === null ? null : clientIdOf(key, idempotencyKey),
    body: bodyOf(message),
  };
}

/** Two keys that choose the same text do not meet, and no client of the chat socket can guess it. */
function clientIdOf(key: string, idempotencyKey: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([key, idempotencyKey]), 'utf8')
    .digest('hex');
  return `api.${hash.slice(0, 40)}`;
}

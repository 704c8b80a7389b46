import type { Random } from '../../config/random.js';
import type { WebhookConfig } from './webhook-config.js';
import type { NewJob, SessionRef } from '../ports/session-log.js';

export type WebhookEvent = WebhookConfig['events'][number];

/** What is known of a session when something happens to it; every `SessionRecord` is one. */
export interface EventSession {
  readonly ref: SessionRef;
  readonly userId: string;
  readonly ingress: string;
}

/** What a job of a webhook carries; the message itself stays in the log. */
export interface WebhookPayload {
  readonly event: WebhookEvent;
  readonly user: string;
  readonly ingress: string;
}

type HookSettings = Pick<WebhookConfig, 'name' | 'events' | 'tenant'>;

const none: readonly NewJob[] = [];

/** Kind of the jobs of one hook: each hook has its own, so that a dead one is in nobody's way. */
export function webhookKind(hook: string): string {
  return `webhook.${hook}`;
}

/**
 * The jobs that tell webhooks of an event, for the very call to the log that makes it happen: either both are kept or
 * neither is.
 *
 * After the call, `WebhookDispatcher.wake` has them delivered at once.
 */
export class WebhookJobs {
  readonly #hooks: readonly HookSettings[];
  readonly #random: Random;

  constructor(hooks: readonly HookSettings[], random: Random) {
    this.#hooks = hooks;
    this.#random = random;
  }

  /** For `SessionLog.open`. */
  opened(session: EventSession): readonly NewJob[] {
    return this.#jobs('session.opened', session, '');
  }

  /** For `NewMessage.jobs`, once for each message: the log puts its sequence number into them. */
  message(session: EventSession): readonly NewJob[] {
    if (this.#hooks.length === 0) return none;
    return this.#jobs('message.created', session, `:${this.#random.hex(8)}`);
  }

  /** For the last message of `SessionLog.end`, or for a `TurnCommit` with `end`. */
  ended(session: EventSession): readonly NewJob[] {
    return this.#jobs('session.ended', session, '');
  }

  /** `distinct` tells events of one kind in one session apart. */
  #jobs(event: WebhookEvent, session: EventSession, distinct: string): readonly NewJob[] {
    const { ingress, ref, userId } = session;
    if (this.#hooks.length === 0) return none;
    const payload = { event, user: userId, ingress } satisfies WebhookPayload;
    return this.#hooks
      .filter(({ events, tenant }) => events.includes(event) && (tenant === null || tenant === ref.tenant))
      .map(({ name }) => ({
        kind: webhookKind(name),
        key: `${ref.sessionId}:${event}${distinct}`,
        delayMs: 0,
        ref,
        payload,
      }));
  }
}

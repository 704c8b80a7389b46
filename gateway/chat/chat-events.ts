import type { NewJob, SessionRecord } from '../ports/session-log.js';

/** What is known of a session when something happens to it. */
export type EventSession = Pick<SessionRecord, 'ref' | 'userId' | 'ingress'>;

/** Jobs that tell others of what happens, made in the same transaction as what they tell of. */
export interface EventJobs {
  opened(session: EventSession): readonly NewJob[];
  message(session: EventSession): readonly NewJob[];
  ended(session: EventSession): readonly NewJob[];
  /** Some are in the log now. Must not throw. */
  made(): void;
}

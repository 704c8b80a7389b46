import type { Clock, Timer } from '../../config/clock.js';
import { retentionLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { LogMessage, SessionLog, SessionRecord, SessionRef } from '../ports/session-log.js';
import type { SessionArchive } from './session-archive.js';

export interface RetentionDeps {
  readonly log: SessionLog;
  /** Null: sessions are removed and kept nowhere. */
  readonly archive: SessionArchive | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Removes sessions that ended long ago, each after it is archived, some at a time.
 *
 * Several nodes may do so at once: a session is then archived more than once and removed once. What fails is logged and
 * tried again in the next round; nothing is removed that was not archived.
 */
export class Retention {
  readonly #deps: RetentionDeps;
  readonly #keepMs: number;
  #timer: Timer | null = null;
  #round: Promise<void> | null = null;
  #closed = false;

  constructor(retentionDays: number, deps: RetentionDeps) {
    this.#deps = deps;
    this.#keepMs = Math.round(retentionDays * 24 * 3_600_000);
  }

  /** The first round is a little later, when a node that starts has better things to do done. */
  start(): void {
    this.#schedule(retentionLimits.pauseMs);
  }

  /** Resolves when the session that is being removed is. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = null;
    await this.#round;
  }

  /** One round, at most `sessionsPerRound`; resolves with how many were removed. Never rejects. */
  async sweep(): Promise<number> {
    let removed = 0;
    try {
      const { sessionsPerRound } = retentionLimits;
      for (const session of await this.#deps.log.expired(this.#keepMs, sessionsPerRound)) {
        if (this.#closed) break;
        if (await this.#remove(session)) removed++;
      }
    } catch (err) {
      this.#deps.logger.error('ended sessions cannot be listed; they are tried again later', { err });
    }
    if (removed > 0) this.#deps.logger.info('ended sessions were removed', { removed });
    return removed;
  }

  async #remove(session: SessionRecord): Promise<boolean> {
    const { archive, log, logger } = this.#deps;
    const { ref } = session;
    try {
      if (archive) {
        const [marks, messages] = [await log.marks(ref), await this.#messages(ref)];
        await archive.write({ session, marks: Object.fromEntries(marks), messages });
      }
      await log.remove(ref);
      return true;
    } catch (err) {
      logger.error('an ended session cannot be removed; it is tried again later', {
        sessionId: ref.sessionId,
        err,
      });
      return false;
    }
  }

  async #messages(ref: SessionRef): Promise<readonly LogMessage[]> {
    const { pageMessages } = retentionLimits;
    const all: LogMessage[] = [];
    for (;;) {
      const page = await this.#deps.log.read(ref, all.at(-1)?.seq ?? 0, pageMessages);
      all.push(...page);
      if (page.length < pageMessages) return all;
    }
  }

  /** A full round is followed by the next one soon, so that a backlog is worked off in slices. */
  #schedule(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = this.#deps.clock.setTimer(() => {
      this.#timer = null;
      this.#round = this.sweep().then((removed) => {
        this.#round = null;
        const { pauseMs, roundMs, sessionsPerRound } = retentionLimits;
        this.#schedule(removed === sessionsPerRound ? pauseMs : roundMs);
      });
    }, delayMs);
  }
}

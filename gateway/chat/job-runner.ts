import type { Clock, Timer } from '../../config/clock.js';
import { chatLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Job, SessionLog } from '../ports/session-log.js';

/**
 * Does one job. `done`: it is over. `left`: what it led to replaces the job, or its lease runs out and it comes again.
 * A number: it comes again after so many milliseconds.
 */
export type JobHandler = (job: Job) => Promise<'done' | 'left' | number>;

export interface JobRunnerDeps {
  readonly log: Pick<SessionLog, 'claimJobs' | 'finishJob' | 'retryJob'>;
  /** By kind. */
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a job that failed waits. */
const retryMs = 10_000;

/** Claims what is due, of some kinds, and has it done; jobs of a node that dies come to another when their lease ends. */
export class JobRunner {
  readonly #deps: JobRunnerDeps;
  #timer: Timer | null = null;
  #round: Promise<void> | null = null;
  #closed = false;

  constructor(deps: JobRunnerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#later(chatLimits.jobPollMs);
  }

  /** Lets the jobs in hand end. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#round;
  }

  #later(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = this.#deps.clock.setTimer(() => {
      this.#round = this.#run().then((more) => {
        this.#round = null;
        this.#later(more ? 0 : chatLimits.jobPollMs);
      });
    }, delayMs);
  }

  /** True: there may be more that is due. Never rejects. */
  async #run(): Promise<boolean> {
    const { handlers, log, logger } = this.#deps;
    try {
      const limit = chatLimits.jobsAtOnce;
      const jobs = await log.claimJobs([...handlers.keys()], { limit, leaseMs: chatLimits.jobLeaseMs });
      await Promise.all(jobs.map((job) => this.#do(job)));
      return jobs.length === limit;
    } catch (err) {
      logger.warn('jobs cannot be claimed', { err });
      return false;
    }
  }

  async #do(job: Job): Promise<void> {
    const { handlers, log, logger } = this.#deps;
    try {
      const outcome = (await handlers.get(job.kind)?.(job)) ?? 'done';
      if (outcome === 'done') await log.finishJob(job);
      else if (outcome !== 'left') await log.retryJob(job, outcome, '');
    } catch (err) {
      logger.warn('a job failed, it is tried again', { kind: job.kind, attempts: job.attempts, err });
      await log
        .retryJob(job, retryMs, err instanceof Error ? err.message : String(err))
        .catch((again: unknown) => {
          // Its lease ends by itself.
          logger.warn('a job could not be put back', { kind: job.kind, err: again });
        });
    }
  }
}

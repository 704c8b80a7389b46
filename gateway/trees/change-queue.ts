import { treeLimits } from '../../config/limits.js';

/** Changes one after the other; those that find too many waiting are turned away. */
export class ChangeQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Resolves with the job's result, or with null when the queue is full. Rejects as the job does. */
  run<T>(job: () => Promise<T>): Promise<T | null> {
    if (this.#waiting > treeLimits.waitingChanges) return Promise.resolve(null);
    this.#waiting++;
    const done = this.#tail.then(job).finally(() => this.#waiting--);
    this.#tail = done.catch(() => undefined);
    return done;
  }
}

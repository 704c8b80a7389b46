import type { Clock, Timer } from '../../config/clock.js';

/**
 * An end in time under an outer signal, as one signal.
 *
 * Aborts when the time is over (`expired`) or the outer signal aborts. `close` must follow in any case: it lets go of
 * the timer and of the outer signal, which may live as long as a conversation.
 */
export class Deadline {
  readonly endsAtMs: number;
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #timer: Timer;
  #expired = false;

  constructor(clock: Clock, delayMs: number, outer: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    this.endsAtMs = clock.nowMs() + delayMs;
    this.#timer = clock.setTimer(() => {
      this.#expired = true;
      this.#controller.abort();
    }, delayMs);
    if (outer.aborted) this.#controller.abort();
    else outer.addEventListener('abort', this.#onOuter);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Our own time is over, not the outer signal's. */
  get expired(): boolean {
    return this.#expired;
  }

  get leftMs(): number {
    return Math.max(0, this.endsAtMs - this.#clock.nowMs());
  }

  /** Resolves to true after the delay, to false as soon as the signal aborts. */
  wait(delayMs: number): Promise<boolean> {
    if (this.signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(() => {
        this.signal.removeEventListener('abort', onAbort);
        resolve(true);
      }, delayMs);
      const onAbort = (): void => {
        timer.cancel();
        resolve(false);
      };
      this.signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  close(): void {
    this.#timer.cancel();
    this.#outer.removeEventListener('abort', this.#onOuter);
  }

  readonly #onOuter = (): void => this.#controller.abort();
}

/** What `work` resolves to, or null as soon as the signal aborts; `work` must not reject. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => {
    const onAbort = (): void => resolve(null);
    signal.addEventListener('abort', onAbort, { once: true });
    void work.then((value) => {
      signal.removeEventListener('abort', onAbort);
      resolve(value);
    });
  });
}

import { performance } from 'node:perf_hooks';

/** A pending call-back; `cancel` is idempotent and safe after it fired. */
export interface Timer {
  cancel(): void;
}

/**
 * Time for everything that waits, so that no unit test sleeps.
 *
 * `nowMs` is monotonic milliseconds with a fraction (not wall-clock time); `epochMs` is Unix time in milliseconds.
 */
export interface Clock {
  nowMs(): number;
  epochMs(): number;
  setTimer(callback: () => void, delayMs: number): Timer;
}

/** Node fires a longer timer at once; 24 days are long enough for everything here. */
const longestDelayMs = 2 ** 31 - 1;

/** The machine's clock. Timers do not keep the process alive by themselves. */
export class SystemClock implements Clock {
  nowMs(): number {
    return performance.now();
  }

  epochMs(): number {
    return Date.now();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const handle = setTimeout(callback, Math.min(longestDelayMs, Math.max(0, delayMs)));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }
}

interface PendingTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when told; timers fire in due order, then in the order they were set. */
export class FakeClock implements Clock {
  readonly #pending = new Set<PendingTimer>();
  #nowMs: number;
  #order = 0;
  readonly #epochOffsetMs: number;

  constructor(nowMs = 0, epochMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
    this.#epochOffsetMs = epochMs - nowMs;
  }

  /** How many timers wait; a test asserts 0 after `close()` to prove that nothing leaked. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return this.#nowMs + this.#epochOffsetMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer: PendingTimer = {
      dueMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      callback,
    };
    this.#pending.add(timer);
    return { cancel: () => void this.#pending.delete(timer) };
  }

  /** Moves time forward by `deltaMs`, firing every timer that comes due on the way, those set meanwhile included. */
  advance(deltaMs: number): void {
    const endMs = this.#nowMs + deltaMs;
    for (let next = this.#nextDue(endMs); next; next = this.#nextDue(endMs)) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }

  #nextDue(untilMs: number): PendingTimer | undefined {
    let best: PendingTimer | undefined;
    for (const timer of this.#pending) {
      if (timer.dueMs > untilMs) continue;
      if (!best || timer.dueMs < best.dueMs || (timer.dueMs === best.dueMs && timer.order < best.order))
        best = timer;
    }
    return best;
  }
}

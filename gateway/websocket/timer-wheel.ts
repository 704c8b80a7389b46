import type { Clock, Timer } from '../../config/clock.js';

const slots = 512;

class Entry implements Timer {
  constructor(
    readonly dueTick: number,
    readonly callback: () => void,
    readonly wheel: TimerWheel,
  ) {}

  cancel(): void {
    this.wheel.remove(this);
  }
}

/**
 * Coarse timeouts of many connections from one timer of the clock, which runs only while something waits.
 *
 * A call-back comes never early and up to two ticks late. Call-backs must not throw.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #startMs: number;
  readonly #slots: (Set<Entry> | undefined)[] = new Array<undefined>(slots).fill(undefined);
  #size = 0;
  #doneTick = 0;
  #timer: Timer | null = null;

  constructor(clock: Clock, tickMs: number) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#startMs = clock.nowMs();
  }

  /** Timeouts that wait. */
  get size(): number {
    return this.#size;
  }

  after(delayMs: number, callback: () => void): Timer {
    const nowMs = this.#clock.nowMs() - this.#startMs;
    if (this.#size === 0) this.#doneTick = Math.floor(nowMs / this.#tickMs);
    const dueTick = Math.max(this.#doneTick + 1, Math.ceil((nowMs + Math.max(0, delayMs)) / this.#tickMs));
    const entry = new Entry(dueTick, callback, this);
    (this.#slots[dueTick % slots] ??= new Set()).add(entry);
    this.#size++;
    this.#arm();
    return entry;
  }

  /** For `Timer.cancel`; idempotent, also after the call-back. */
  remove(entry: Entry): void {
    if (!this.#slots[entry.dueTick % slots]?.delete(entry)) return;
    this.#size--;
    if (this.#size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Forgets all that wait. */
  clear(): void {
    for (const slot of this.#slots) slot?.clear();
    this.#size = 0;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(): void {
    if (this.#timer || this.#size === 0) return;
    const nextMs = this.#startMs + (this.#doneTick + 1) * this.#tickMs;
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = null;
      this.#turn();
      this.#arm();
    }, nextMs - this.#clock.nowMs());
  }

  /** After a pause of the loop, ticks are caught up in order; a slot is looked at once at most. */
  #turn(): void {
    const nowTick = Math.floor((this.#clock.nowMs() - this.#startMs) / this.#tickMs);
    const from = Math.max(this.#doneTick + 1, nowTick - slots + 1);
    this.#doneTick = Math.max(this.#doneTick, nowTick);
    for (let tick = from; tick <= nowTick; tick++) {
      for (const entry of this.#slots[tick % slots] ?? []) {
        if (entry.dueTick > nowTick) continue;
        this.remove(entry);
        entry.callback();
      }
    }
  }
}

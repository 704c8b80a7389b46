import type { Clock, Timer } from '../../config/clock.js';
import { LatenessHistogram, type LatenessSnapshot } from './lateness.js';

/** Width of one slot of the wheel: ten phases of a 20 ms frame, so that streams do not send in one burst. */
const slotMs = 2;
/** Slots of the wheel: more than the longest period (60 ms) has. */
const wheelSlots = 64;
/** Longest period that `every` takes, in milliseconds. */
const maxPeriodMs = 60;
/** Behind by more than this, ticks are dropped instead of caught up: their audio is stale by then. */
const maxLatenessMs = 500;

/** A running subscription; `cancel` is idempotent and safe from inside its own callback. */
export interface TickHandle {
  cancel(): void;
}

interface Subscription {
  readonly periodSlots: number;
  readonly callback: (nowMs: number) => void;
  cancelled: boolean;
}

/**
 * The one timer of a media worker: calls each subscriber every 10 to 60 ms, spread over a wheel of 2 ms slots.
 *
 * Due times are multiples of the slot from one origin, so lateness never adds up; late slots are caught up in order,
 * and beyond 500 ms the wheel is set forward and the ticks are counted as dropped. With no subscriber no timer runs.
 */
export class Ticker {
  readonly lateness = new LatenessHistogram();
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #buckets: Subscription[][] = Array.from({ length: wheelSlots }, () => []);
  #originMs: number;
  /** Number of the next slot to run, counted from the origin. */
  #nextSlot = 0;
  #subscriptions = 0;
  #droppedTicks = 0;
  #timer: Timer | null = null;
  #timerSlot = Infinity;
  #running = false;

  /** `onError` hears what a subscriber threw; the others are called nevertheless. */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
    this.#originMs = clock.nowMs();
  }

  get subscriptions(): number {
    return this.#subscriptions;
  }

  /** Slots skipped because the thread was late by more than 500 ms. */
  get droppedTicks(): number {
    return this.#droppedTicks;
  }

  /**
   * Calls `callback` every `periodMs` (even, 2 to 60): from the least loaded phase, or first at `firstAtMs` (to the
   * nearest slot) when given.
   */
  every(periodMs: number, callback: (nowMs: number) => void, firstAtMs?: number): TickHandle {
    const periodSlots = Math.max(1, Math.min(maxPeriodMs, periodMs) / slotMs);
    if (!this.#running) this.#skipIdleSlots();
    const slot = firstAtMs === undefined ? this.#leastLoadedSlot(periodSlots) : this.#slotAt(firstAtMs);
    const subscription: Subscription = { periodSlots, callback, cancelled: false };
    this.#buckets[slot % wheelSlots]?.push(subscription);
    this.#subscriptions++;
    if (!this.#running && slot < this.#timerSlot) this.#schedule();
    return { cancel: () => this.#cancel(subscription) };
  }

  /** Cancels everything. */
  close(): void {
    for (const bucket of this.#buckets) for (const subscription of bucket) subscription.cancelled = true;
    this.#subscriptions = 0;
    if (!this.#running) this.#rest();
  }

  /** Reads and clears the lateness since the last call. */
  takeLateness(): LatenessSnapshot {
    return this.lateness.take();
  }

  #cancel(subscription: Subscription): void {
    if (subscription.cancelled) return;
    subscription.cancelled = true;
    this.#subscriptions--;
    // The entry itself leaves its bucket when the wheel comes by, at most one period later.
    if (this.#subscriptions === 0 && !this.#running) this.#rest();
  }

  #rest(): void {
    for (const bucket of this.#buckets) bucket.length = 0;
    this.#stopTimer();
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerSlot = Infinity;
  }

  /** While no subscriber waited the wheel stood still: those slots are neither late nor dropped. */
  #skipIdleSlots(): void {
    if (this.#subscriptions > 0) return;
    const current = Math.floor((this.#clock.nowMs() - this.#originMs) / slotMs);
    this.#nextSlot = Math.max(this.#nextSlot, current + 1);
  }

  /** The first slot that a new subscriber can have: the one that runs now would come again only after a whole turn. */
  get #firstSlot(): number {
    return this.#running ? this.#nextSlot + 1 : this.#nextSlot;
  }

  #slotAt(atMs: number): number {
    const slot = Math.round((atMs - this.#originMs) / slotMs);
    const first = this.#firstSlot;
    return Math.max(first, Math.min(first + wheelSlots - 2, slot));
  }

  #leastLoadedSlot(periodSlots: number): number {
    const first = this.#firstSlot;
    let best = first;
    let load = Infinity;
    for (let slot = first; slot < first + periodSlots; slot++) {
      const length = this.#buckets[slot % wheelSlots]?.length ?? 0;
      if (length < load) {
        best = slot;
        load = length;
      }
    }
    return best;
  }

  #schedule(): void {
    this.#stopTimer();
    let slot = this.#nextSlot;
    const end = slot + wheelSlots;
    while (slot < end && (this.#buckets[slot % wheelSlots]?.length ?? 0) === 0) slot++;
    if (slot === end) return;
    const dueMs = this.#originMs + slot * slotMs;
    this.#timerSlot = slot;
    // Node truncates delays to whole milliseconds; rounding up avoids a wake-up just before the slot is due.
    this.#timer = this.#clock.setTimer(() => this.#run(), Math.ceil(dueMs - this.#clock.nowMs()));
  }

  #run(): void {
    this.#timer = null;
    this.#timerSlot = Infinity;
    this.#running = true;
    this.#dropStaleSlots();
    const nowMs = this.#clock.nowMs();
    for (; this.#originMs + this.#nextSlot * slotMs <= nowMs; this.#nextSlot++) {
      const bucket = this.#buckets[this.#nextSlot % wheelSlots];
      if (bucket && bucket.length > 0) this.#runBucket(bucket, nowMs);
    }
    this.#running = false;
    if (this.#subscriptions === 0) this.#rest();
    else this.#schedule();
  }

  #runBucket(bucket: Subscription[], nowMs: number): void {
    this.lateness.add(nowMs - (this.#originMs + this.#nextSlot * slotMs));
    // A callback may subscribe into this very bucket (one turn of the wheel ahead): only what is here now runs.
    const count = bucket.length;
    for (let i = 0; i < count; i++) {
      const subscription = bucket[i];
      if (!subscription || subscription.cancelled) continue;
      this.#call(subscription, nowMs);
      const next = (this.#nextSlot + subscription.periodSlots) % wheelSlots;
      if (!subscription.cancelled) this.#buckets[next]?.push(subscription);
    }
    bucket.splice(0, count);
  }

  #call(subscription: Subscription, nowMs: number): void {
    try {
      subscription.callback(nowMs);
    } catch (error) {
      this.#onError(error);
    }
  }

  #dropStaleSlots(): void {
    const lateMs = this.#clock.nowMs() - (this.#originMs + this.#nextSlot * slotMs);
    if (lateMs <= maxLatenessMs) return;
    const dropped = Math.floor(lateMs / slotMs);
    this.#droppedTicks += dropped;
    this.lateness.add(lateMs);
    // Moving the origin keeps every subscriber in its bucket: it is merely called later.
    this.#originMs += dropped * slotMs;
  }
}

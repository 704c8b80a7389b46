import { audioSocketLimits } from '../../config/limits.js';

/** Counts what comes and forgets it at a steady rate: its level is how much came too fast. Pure: times come in. */
export class LeakyBucket {
  readonly #leakPerMs: number;
  readonly #lowest: number;
  #level = 0;
  #atMs: number | null = null;

  /** The level of a bucket that gets nothing falls to `-credit` and no further. */
  constructor(leakPerMs: number, credit = 0) {
    this.#leakPerMs = leakPerMs;
    this.#lowest = -credit;
  }

  /** Adds an amount at `nowMs` and gives the level after it. */
  add(amount: number, nowMs: number): number {
    this.#level = this.levelAt(nowMs) + amount;
    this.#atMs = nowMs;
    return this.#level;
  }

  levelAt(nowMs: number): number {
    if (this.#atMs === null) return 0;
    return Math.max(this.#lowest, this.#level - (nowMs - this.#atMs) * this.#leakPerMs);
  }
}

/**
 * Says when a client sends faster than it may: audio ahead of real time, or messages by their number.
 *
 * Audio that a stalled network held back may come at once when it moves again; nothing more is saved up by silence.
 */
export class FlowGuard {
  readonly #aheadMs: number;
  readonly #audio: LeakyBucket;
  readonly #messages = new LeakyBucket(audioSocketLimits.messagesPerSecond / 1_000);

  /** `aheadMs` is how far audio may be ahead of real time, `behindMs` how much of it a stall may hold back. */
  constructor(aheadMs: number, behindMs: number) {
    this.#aheadMs = aheadMs;
    this.#audio = new LeakyBucket(1, behindMs);
  }

  /** Takes `ms` of audio that came at `nowMs`; false when that is too far ahead. */
  audio(ms: number, nowMs: number): boolean {
    return this.#audio.add(ms, nowMs) <= this.#aheadMs;
  }

  /** Takes a message of any kind; false when there were too many of late. */
  message(nowMs: number): boolean {
    return this.#messages.add(1, nowMs) <= audioSocketLimits.messagesAtOnce;
  }
}

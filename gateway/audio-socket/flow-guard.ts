import { audioSocketLimits } from '../../config/limits.js';

/** Counts what comes and forgets it at a steady rate: its level is how much came too fast. Pure: times come in. */
export class LeakyBucket {
  readonly #leakPerMs: number;
  #level = 0;
  #atMs = -Infinity;

  constructor(leakPerMs: number) {
    this.#leakPerMs = leakPerMs;
  }

  /** Adds an amount at `nowMs` and gives the level after it. */
  add(amount: number, nowMs: number): number {
    this.#level = this.levelAt(nowMs) + amount;
    this.#atMs = nowMs;
    return this.#level;
  }

  levelAt(nowMs: number): number {
    return Math.max(0, this.#level - (nowMs - this.#atMs) * this.#leakPerMs);
  }
}

/**
 * Says when a client sends faster than it may: audio ahead of real time, or messages by their number.
 *
 * A client which was silent has saved nothing up.
 */
export class FlowGuard {
  readonly #aheadMs: number;
  readonly #audio = new LeakyBucket(1);
  readonly #messages = new LeakyBucket(audioSocketLimits.messagesPerSecond / 1_000);

  /** `aheadMs` is how far audio may be ahead of real time. */
  constructor(aheadMs: number) {
    this.#aheadMs = aheadMs;
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

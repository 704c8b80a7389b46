import { audioSocketLimits } from '../../config/limits.js';

/**
 * Says when a client sends faster than it may: audio ahead of real time, or messages by their number.
 *
 * Both are leaky buckets, so that a client which was silent has saved nothing up. Pure: times come in.
 */
export class FlowGuard {
  readonly #aheadMs: number;
  #audioMs = 0;
  #audioAtMs = -Infinity;
  #messages = 0;
  #messagesAtMs = -Infinity;

  /** `aheadMs` is how far audio may be ahead of real time. */
  constructor(aheadMs: number) {
    this.#aheadMs = aheadMs;
  }

  /** Takes `ms` of audio that came at `nowMs`; false when that is too far ahead. */
  audio(ms: number, nowMs: number): boolean {
    this.#audioMs = Math.max(0, this.#audioMs - (nowMs - this.#audioAtMs)) + ms;
    this.#audioAtMs = nowMs;
    return this.#audioMs <= this.#aheadMs;
  }

  /** Takes a message of any kind; false when there were too many of late. */
  message(nowMs: number): boolean {
    const { messagesPerSecond, messagesAtOnce } = audioSocketLimits;
    const leaked = ((nowMs - this.#messagesAtMs) * messagesPerSecond) / 1_000;
    this.#messages = Math.max(0, this.#messages - leaked) + 1;
    this.#messagesAtMs = nowMs;
    return this.#messages <= messagesAtOnce;
  }
}

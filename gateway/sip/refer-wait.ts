import type { Clock, Timer } from '../../config/clock.js';
import { sipLimits } from '../../config/limits.js';
import { SipError } from './errors.js';

/**
 * Waits for the outcome of an accepted REFER (RFC 3515 2.4.5): the far end tells it in NOTIFYs of the subscription that
 * the REFER made.
 *
 * A far end that sends none within `referFirstNotifyMs` does not report (RFC 4488) and counts as having taken the call
 * over; one that began to report has `referOutcomeMs` to get an answer from the target.
 */
export class ReferWait {
  readonly #clock: Clock;
  readonly #onOutcome: (failure: SipError | null) => void;
  #timer: Timer;
  #over = false;

  /** `onOutcome` is called once, with null when the target answered; never after `cancel`. */
  constructor(clock: Clock, onOutcome: (failure: SipError | null) => void) {
    this.#clock = clock;
    this.#onOutcome = onOutcome;
    this.#timer = clock.setTimer(() => this.#finish(null), sipLimits.referFirstNotifyMs);
  }

  /** A NOTIFY of our REFER: `fragment` is its message/sipfrag body (RFC 3420), a status line at least. */
  notified(fragment: string): void {
    const status = Number(/^SIP\/2\.0 ([1-6]\d\d)/.exec(fragment)?.[1] ?? 100);
    if (this.#over) return;
    if (status >= 300)
      this.#finish(new SipError('rejected', `The transfer target answered ${status}`, status));
    else if (status >= 200) this.#finish(null);
    else {
      this.#timer.cancel();
      const late = new SipError('timeout', 'The transfer target did not answer in time');
      this.#timer = this.#clock.setTimer(() => this.#finish(late), sipLimits.referOutcomeMs);
    }
  }

  cancel(): void {
    this.#over = true;
    this.#timer.cancel();
  }

  #finish(failure: SipError | null): void {
    if (this.#over) return;
    this.cancel();
    this.#onOutcome(failure);
  }
}

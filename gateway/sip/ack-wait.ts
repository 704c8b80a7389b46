import type { Clock, Timer } from '../../config/clock.js';
import { getCSeq } from './header-fields.js';
import type { SipTimers } from './machine.js';
import type { SipRequest, SipResponse } from './message.js';
import type { ServerTransaction } from './transaction-layer.js';

/**
 * Sends a 2xx to an INVITE until its ACK comes: after T1, doubling up to T2, for 64*T1 in all, over TCP too, because
 * a proxy may go on over UDP (RFC 3261 13.3.1.4).
 */
export class AckWait {
  readonly sequence: number;
  readonly #clock: Clock;
  readonly #timers: SipTimers;
  readonly #onGivenUp: () => void;
  readonly #transmit: () => void;
  #intervalMs: number;
  #repeat: Timer;
  readonly #giveUp: Timer;

  /** Sends `response` for the first time. */
  constructor(
    clock: Clock,
    timers: SipTimers,
    transaction: ServerTransaction,
    response: SipResponse,
    onGivenUp: () => void,
  ) {
    this.sequence = getCSeq(transaction.request).number;
    this.#clock = clock;
    this.#timers = timers;
    this.#onGivenUp = onGivenUp;
    this.#transmit = () => transaction.respond(response);
    this.#intervalMs = timers.t1Ms;
    this.#giveUp = clock.setTimer(() => this.#stopWaiting(), 64 * timers.t1Ms);
    this.#repeat = this.#startRepeat();
    this.#transmit();
  }

  /** Whether `ack` acknowledges this response. */
  matches(ack: SipRequest): boolean {
    return getCSeq(ack).number === this.sequence;
  }

  stop(): void {
    this.#repeat.cancel();
    this.#giveUp.cancel();
  }

  #startRepeat(): Timer {
    return this.#clock.setTimer(() => {
      this.#intervalMs = Math.min(2 * this.#intervalMs, this.#timers.t2Ms);
      this.#repeat = this.#startRepeat();
      this.#transmit();
    }, this.#intervalMs);
  }

  #stopWaiting(): void {
    this.stop();
    this.#onGivenUp();
  }
}

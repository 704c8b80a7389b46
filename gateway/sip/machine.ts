import type { Clock, Timer } from '../../config/clock.js';
import type { SipError } from './errors.js';
import type { SipMessage, SipResponse } from './message.js';

/** The three base values of RFC 3261 table 4, in milliseconds. */
export interface SipTimers {
  /** Estimated round trip. */
  readonly t1Ms: number;
  /** Longest interval between retransmissions of requests other than INVITE and of INVITE responses. */
  readonly t2Ms: number;
  /** How long a message may stay in the network. */
  readonly t4Ms: number;
}

/** RFC 3261 17.1.1.1 and 17.1.2.2. */
export const defaultSipTimers: SipTimers = { t1Ms: 500, t2Ms: 4_000, t4Ms: 5_000 };

/** Timer D is at least 32 s whatever T1 is (RFC 3261 17.1.1.2). */
export const timerDMs = 32_000;

/** What a transaction machine needs of the world. */
export interface MachineEnvironment {
  readonly clock: Clock;
  readonly timers: SipTimers;
  /** TCP: nothing is retransmitted and nothing lingers for the sake of retransmissions. */
  readonly reliable: boolean;
}

/** What a client transaction tells its user. After `onTerminated` nothing follows. */
export interface ClientTransactionListener {
  send(message: SipMessage): void;
  onResponse(response: SipResponse): void;
  /** Timer B or F: no (final) response came. */
  onTimeout(): void;
  onTransportError(error: SipError): void;
  onTerminated(): void;
}

/** What a server transaction tells its user. After `onTerminated` nothing follows. */
export interface ServerTransactionListener {
  send(message: SipMessage): void;
  onTransportError(error: SipError): void;
  onTerminated(): void;
}

/** The timers of one machine by their RFC letter; starting one that runs restarts it. */
export class MachineTimers<Name extends string> {
  readonly #clock: Clock;
  readonly #running = new Map<Name, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(name: Name, delayMs: number, onFire: () => void): void {
    this.stop(name);
    const timer = this.#clock.setTimer(() => {
      this.#running.delete(name);
      onFire();
    }, delayMs);
    this.#running.set(name, timer);
  }

  stop(name: Name): void {
    this.#running.get(name)?.cancel();
    this.#running.delete(name);
  }

  stopAll(): void {
    for (const timer of this.#running.values()) timer.cancel();
    this.#running.clear();
  }
}

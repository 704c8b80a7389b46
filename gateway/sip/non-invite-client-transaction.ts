import type { SipError } from './errors.js';
import { type ClientTransactionListener, type MachineEnvironment, MachineTimers } from './machine.js';
import type { SipRequest, SipResponse } from './message.js';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

const lawful: Readonly<Record<State, readonly State[]>> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

/**
 * Client transaction of every method but INVITE and ACK, RFC 3261 17.1.2.
 *
 * ```
 *      E: resend, E = min(2E, T2)   E: resend, E = T2
 *            +--+                      +--+
 *            v  |      1xx             v  |    200-699              K (T4), or at once if reliable
 *          trying ----------------> proceeding ----------> completed ---------------------------> terminated
 *            |         200-699                                 ^
 *            +-------------------------------------------------+
 *   F (64*T1) or transport error in trying or proceeding: terminated, and the user is told.
 * ```
 */
export class NonInviteClientTransaction {
  readonly request: SipRequest;
  readonly #environment: MachineEnvironment;
  readonly #listener: ClientTransactionListener;
  readonly #timers: MachineTimers<'E' | 'F' | 'K'>;
  #state: State = 'trying';
  #intervalEMs: number;

  constructor(request: SipRequest, environment: MachineEnvironment, listener: ClientTransactionListener) {
    this.request = request;
    this.#environment = environment;
    this.#listener = listener;
    this.#timers = new MachineTimers(environment.clock);
    this.#intervalEMs = environment.timers.t1Ms;
  }

  get state(): State {
    return this.#state;
  }

  /** Sends the request. */
  start(): void {
    this.#timers.start('F', 64 * this.#environment.timers.t1Ms, () => this.#timeOut());
    if (!this.#environment.reliable) this.#startE();
    this.#listener.send(this.request);
  }

  receive(response: SipResponse): void {
    if (this.#state === 'completed' || this.#state === 'terminated') return;
    if (response.status < 200) {
      if (this.#state === 'trying') this.#enter('proceeding');
      this.#listener.onResponse(response);
      return;
    }
    this.#enter('completed');
    this.#listener.onResponse(response);
    // The user may have ended it meanwhile.
    if (this.state === 'terminated') return;
    if (this.#environment.reliable) this.terminate();
    else this.#timers.start('K', this.#environment.timers.t4Ms, () => this.terminate());
  }

  transportFailed(error: SipError): void {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return;
    this.terminate();
    this.#listener.onTransportError(error);
  }

  /** Ends it at once and silently, apart from `onTerminated`. */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.#enter('terminated');
    this.#listener.onTerminated();
  }

  #startE(): void {
    this.#timers.start('E', this.#intervalEMs, () => {
      const { t2Ms } = this.#environment.timers;
      this.#intervalEMs = this.#state === 'proceeding' ? t2Ms : Math.min(2 * this.#intervalEMs, t2Ms);
      this.#startE();
      this.#listener.send(this.request);
    });
  }

  #timeOut(): void {
    this.terminate();
    this.#listener.onTimeout();
  }

  #enter(next: State): void {
    if (!lawful[this.#state].includes(next)) throw new Error(`non-INVITE client: ${this.#state} -> ${next}`);
    // E and F run on through proceeding (17.1.2.2).
    if (next !== 'proceeding') this.#timers.stopAll();
    this.#state = next;
  }
}

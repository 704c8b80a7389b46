import type { SipError } from './errors.js';
import { type MachineEnvironment, MachineTimers, type ServerTransactionListener } from './machine.js';
import type { SipRequest, SipResponse } from './message.js';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

const lawful: Readonly<Record<State, readonly State[]>> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

/**
 * Server transaction of every method but INVITE and ACK, RFC 3261 17.2.2.
 *
 * ```
 *          request again: ignored     request again: resend 1xx      request again: resend
 *               +--+                       +--+                         +--+
 *               v  |      1xx              v  |       200-699           v  |    J (64*T1), at once if reliable
 *              trying ---------------> proceeding -----------------> completed ----------------------> terminated
 *                 |       200-699                                      ^
 *                 +----------------------------------------------------+
 * ```
 */
export class NonInviteServerTransaction {
  readonly request: SipRequest;
  readonly #environment: MachineEnvironment;
  readonly #listener: ServerTransactionListener;
  readonly #timers: MachineTimers<'J'>;
  #state: State = 'trying';
  #last: SipResponse | null = null;

  constructor(request: SipRequest, environment: MachineEnvironment, listener: ServerTransactionListener) {
    this.request = request;
    this.#environment = environment;
    this.#listener = listener;
    this.#timers = new MachineTimers(environment.clock);
  }

  get state(): State {
    return this.#state;
  }

  /** The request again. */
  receive(): void {
    if (this.#last && this.#state !== 'terminated') this.#listener.send(this.#last);
  }

  /** Sends a response; anything after the final one is dropped. */
  respond(response: SipResponse): void {
    if (this.#state === 'completed' || this.#state === 'terminated') return;
    this.#last = response;
    if (response.status < 200) {
      if (this.#state === 'trying') this.#enter('proceeding');
      this.#listener.send(response);
      return;
    }
    this.#enter('completed');
    this.#listener.send(response);
    if (this.#environment.reliable) this.terminate();
    else this.#timers.start('J', 64 * this.#environment.timers.t1Ms, () => this.terminate());
  }

  transportFailed(error: SipError): void {
    if (this.#state === 'terminated') return;
    this.terminate();
    this.#listener.onTransportError(error);
  }

  /** Ends it at once and silently, apart from `onTerminated`. */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.#enter('terminated');
    this.#listener.onTerminated();
  }

  #enter(next: State): void {
    if (!lawful[this.#state].includes(next)) throw new Error(`non-INVITE server: ${this.#state} -> ${next}`);
    this.#timers.stopAll();
    this.#state = next;
  }
}

import type { SipError } from './errors.js';
import { type MachineEnvironment, MachineTimers, type ServerTransactionListener } from './machine.js';
import type { SipRequest, SipResponse } from './message.js';
import { createResponse } from './response.js';

type State = 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated';

const lawful: Readonly<Record<State, readonly State[]>> = {
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['confirmed', 'terminated'],
  confirmed: ['terminated'],
  accepted: ['terminated'],
  terminated: [],
};

/**
 * INVITE server transaction, RFC 3261 17.2.1 with the Accepted state of RFC 6026 7.1.
 *
 * ```
 *   INVITE: 100 at once
 *      |  +--+ INVITE: resend 1xx      G: resend, G = min(2G, T2); INVITE: resend
 *      v  v  |                           +--+
 *     proceeding  -- 300-699 ------>  completed -- ACK --> confirmed -- I (T4), or at once if reliable --> terminated
 *         |                              | H (64*T1) without ACK: terminated
 *         | 2xx                          v
 *         +--------> accepted -- L (64*T1) --------------------------------------------------------------> terminated
 *                    INVITE: absorbed; 2xx again from the user: sent
 * ```
 * The user retransmits the 2xx until its ACK, which is a transaction of its own (RFC 3261 13.3.1.4).
 */
export class InviteServerTransaction {
  readonly request: SipRequest;
  readonly #environment: MachineEnvironment;
  readonly #listener: ServerTransactionListener;
  readonly #timers: MachineTimers<'G' | 'H' | 'I' | 'L'>;
  #state: State = 'proceeding';
  #intervalGMs: number;
  #last: SipResponse | null = null;

  constructor(request: SipRequest, environment: MachineEnvironment, listener: ServerTransactionListener) {
    this.request = request;
    this.#environment = environment;
    this.#listener = listener;
    this.#timers = new MachineTimers(environment.clock);
    this.#intervalGMs = environment.timers.t1Ms;
  }

  get state(): State {
    return this.#state;
  }

  /** Sends 100, which stops the caller's retransmissions whatever the application does next. */
  start(): void {
    this.respond(createResponse(this.request, 100));
  }

  /** The INVITE again, or the ACK of our non-2xx response. */
  receive(request: SipRequest): void {
    if (request.method === 'ACK') this.#receiveAck();
    else if (this.#last && (this.#state === 'proceeding' || this.#state === 'completed'))
      this.#listener.send(this.#last);
  }

  /** Sends a response; one that the state does not allow any more is dropped. */
  respond(response: SipResponse): void {
    if (this.#state === 'accepted' && response.status >= 200 && response.status < 300)
      this.#listener.send(response);
    if (this.#state !== 'proceeding') return;
    this.#last = response;
    if (response.status >= 300) this.#complete();
    else if (response.status >= 200) this.#accept();
    this.#listener.send(response);
  }

  transportFailed(error: SipError): void {
    if (this.#state === 'terminated' || this.#state === 'confirmed') return;
    // RFC 6026 7.1: in accepted the user alone decides; its retransmissions may yet get through.
    if (this.#state !== 'accepted') this.terminate();
    this.#listener.onTransportError(error);
  }

  /** Ends it at once and silently, apart from `onTerminated`. */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.#enter('terminated');
    this.#listener.onTerminated();
  }

  #receiveAck(): void {
    if (this.#state !== 'completed') return;
    this.#enter('confirmed');
    if (this.#environment.reliable) this.terminate();
    else this.#timers.start('I', this.#environment.timers.t4Ms, () => this.terminate());
  }

  #complete(): void {
    this.#enter('completed');
    this.#timers.start('H', 64 * this.#environment.timers.t1Ms, () => this.terminate());
    if (!this.#environment.reliable) this.#startG();
  }

  #accept(): void {
    this.#enter('accepted');
    this.#timers.start('L', 64 * this.#environment.timers.t1Ms, () => this.terminate());
  }

  #startG(): void {
    this.#timers.start('G', this.#intervalGMs, () => {
      this.#intervalGMs = Math.min(2 * this.#intervalGMs, this.#environment.timers.t2Ms);
      this.#startG();
      if (this.#last) this.#listener.send(this.#last);
    });
  }

  #enter(next: State): void {
    if (!lawful[this.#state].includes(next)) throw new Error(`INVITE server: ${this.#state} -> ${next}`);
    this.#timers.stopAll();
    this.#state = next;
  }
}

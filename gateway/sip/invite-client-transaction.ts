import type { SipError } from './errors.js';
import { getCSeq, getHeader, getHeaders } from './header-fields.js';
import {
  type ClientTransactionListener,
  type MachineEnvironment,
  MachineTimers,
  timerDMs,
} from './machine.js';
import type { SipHeader, SipRequest, SipResponse } from './message.js';

type State = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

const lawful: Readonly<Record<State, readonly State[]>> = {
  calling: ['proceeding', 'completed', 'accepted', 'terminated'],
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['terminated'],
  accepted: ['terminated'],
  terminated: [],
};

/**
 * INVITE client transaction, RFC 3261 17.1.1 with the Accepted state of RFC 6026 7.2.
 *
 * ```
 *             A: resend, A doubles
 *            +--+
 *            v  |   1xx               300-699: ACK               D, or at once if reliable
 *         calling -----> proceeding -------------> completed ------------------------> terminated
 *            |               |                     | ^ 300-699: ACK again
 *            |               |                     +-+
 *            |  2xx          v 2xx      M (64*T1)
 *            +----------> accepted ------------------------------------------------> terminated
 *   B (64*T1) or transport error in calling, transport error in completed: terminated, and the user is told.
 * ```
 * The ACK of a 2xx is not ours: every 2xx goes to the user, retransmissions included (RFC 6026 8.4).
 */
export class InviteClientTransaction {
  readonly request: SipRequest;
  readonly #environment: MachineEnvironment;
  readonly #listener: ClientTransactionListener;
  readonly #timers: MachineTimers<'A' | 'B' | 'D' | 'M'>;
  #state: State = 'calling';
  #intervalAMs: number;
  #ack: SipRequest | null = null;

  constructor(request: SipRequest, environment: MachineEnvironment, listener: ClientTransactionListener) {
    this.request = request;
    this.#environment = environment;
    this.#listener = listener;
    this.#timers = new MachineTimers(environment.clock);
    this.#intervalAMs = environment.timers.t1Ms;
  }

  get state(): State {
    return this.#state;
  }

  /** Sends the INVITE. */
  start(): void {
    this.#timers.start('B', 64 * this.#environment.timers.t1Ms, () => this.#timeOut());
    if (!this.#environment.reliable) this.#startA();
    this.#listener.send(this.request);
  }

  receive(response: SipResponse): void {
    if (this.#state === 'terminated') return;
    if (response.status < 200) this.#receiveProvisional(response);
    else if (response.status < 300) this.#receiveSuccess(response);
    else this.#receiveFailure(response);
  }

  transportFailed(error: SipError): void {
    // Once there is a response an error can only concern an ACK (17.1.1.2) or an old retransmission.
    if (this.#state !== 'calling' && this.#state !== 'completed') return;
    this.terminate();
    this.#listener.onTransportError(error);
  }

  /** Ends it at once and silently, apart from `onTerminated`. */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.#enter('terminated');
    this.#listener.onTerminated();
  }

  #receiveProvisional(response: SipResponse): void {
    if (this.#state === 'calling') this.#enter('proceeding');
    if (this.#state === 'proceeding') this.#listener.onResponse(response);
  }

  #receiveSuccess(response: SipResponse): void {
    if (this.#state === 'completed') return;
    if (this.#state !== 'accepted') {
      this.#enter('accepted');
      this.#timers.start('M', 64 * this.#environment.timers.t1Ms, () => this.terminate());
    }
    this.#listener.onResponse(response);
  }

  #receiveFailure(response: SipResponse): void {
    if (this.#state === 'completed' && this.#ack) this.#listener.send(this.#ack);
    if (this.#state !== 'calling' && this.#state !== 'proceeding') return;
    this.#enter('completed');
    this.#ack = createFailureAck(this.request, response);
    this.#listener.send(this.#ack);
    this.#listener.onResponse(response);
    // The user may have ended it meanwhile.
    if (this.state === 'terminated') return;
    if (this.#environment.reliable) this.terminate();
    else this.#timers.start('D', timerDMs, () => this.terminate());
  }

  #startA(): void {
    this.#timers.start('A', this.#intervalAMs, () => {
      this.#intervalAMs *= 2;
      this.#startA();
      this.#listener.send(this.request);
    });
  }

  #timeOut(): void {
    this.terminate();
    this.#listener.onTimeout();
  }

  #enter(next: State): void {
    if (!lawful[this.#state].includes(next)) throw new Error(`INVITE client: ${this.#state} -> ${next}`);
    this.#timers.stopAll();
    this.#state = next;
  }
}

/** The ACK of a final response other than 2xx, part of the INVITE's own transaction (RFC 3261 17.1.1.3). */
function createFailureAck(invite: SipRequest, response: SipResponse): SipRequest {
  const headers: SipHeader[] = [];
  const via = getHeaders(invite, 'Via')[0];
  if (via) headers.push(via);
  headers.push({ name: 'Max-Forwards', value: '70' });
  headers.push(...getHeaders(invite, 'Route'));
  headers.push({ name: 'From', value: getHeader(invite, 'From') ?? '' });
  headers.push({ name: 'To', value: getHeader(response, 'To') ?? '' });
  headers.push({ name: 'Call-ID', value: getHeader(invite, 'Call-ID') ?? '' });
  headers.push({ name: 'CSeq', value: `${getCSeq(invite).number} ACK` });
  return { kind: 'request', method: 'ACK', uri: invite.uri, headers, body: Buffer.alloc(0) };
}

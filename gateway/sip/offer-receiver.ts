import type { Timer } from '../../config/clock.js';
import { capabilityHeaders, type SipCore } from './core.js';
import { getContentType } from './header-fields.js';
import type { SipRequest, SipResponse } from './message.js';
import { createResponse, type ResponseParts } from './response.js';
import { negotiateAsServer, type SessionTimerTerms } from './session-timer.js';
import type { ServerTransaction } from './transaction-layer.js';
import type { ReinviteAnswer, SipRemote } from './user-agent-api.js';

type Decision = Exclude<ReinviteAnswer, Promise<ReinviteAnswer>>;

/** What the session does for its offer receiver. */
export interface OfferReceiverOwner {
  /** Whether a request of ours with an offer waits for its answer, or a 2xx of ours for its ACK. */
  isOfferOutstanding(): boolean;
  readonly remote: SipRemote;
  decide(offer: string | null): ReinviteAnswer;
  /** The change is agreed: send `response` (until ACK when it is to an INVITE). */
  onAgreed(transaction: ServerTransaction, response: SipResponse, change: AgreedChange): void;
}

export interface AgreedChange {
  readonly terms: SessionTimerTerms | null;
  /** Our side's new description, or null for a refresh without a body. */
  readonly sdp: string | null;
  /** Our description was an offer; the answer comes in the ACK. */
  readonly delayedOffer: boolean;
}

/** The SDP body of a request that passed the checks, or null where there is none. */
export function sdpOf(message: SipRequest | SipResponse): string | null {
  if (message.body.length === 0) return null;
  return getContentType(message) === 'application/sdp' ? message.body.toString('utf8') : null;
}

/** Answers the re-INVITEs (RFC 3261 14.2) and UPDATEs (RFC 3311 5.2) of one session, one at a time. */
export class OfferReceiver {
  readonly #core: SipCore;
  readonly #owner: OfferReceiverOwner;
  #pending: { readonly transaction: ServerTransaction; readonly deadline: Timer } | null = null;

  constructor(core: SipCore, owner: OfferReceiverOwner) {
    this.#core = core;
    this.#owner = owner;
  }

  /** The application has not decided yet. */
  get busy(): boolean {
    return this.#pending !== null;
  }

  receive(request: SipRequest, transaction: ServerTransaction): void {
    const offer = sdpOf(request);
    const negotiation = negotiateAsServer(request, this.#core.sessionTimer);
    if (this.#pending) this.#respondBusy(transaction);
    else if (negotiation.kind === 'too-small')
      this.#respond(transaction, 422, { headers: negotiation.headers });
    else if (request.method === 'UPDATE' && offer === null) {
      // RFC 3311: without a body it refreshes the session timer and the target, nothing else.
      this.#agree(transaction, null, negotiation);
    } else if (this.#owner.isOfferOutstanding()) this.#respond(transaction, 491);
    else this.#ask(offer, transaction, negotiation);
  }

  /** Answers what is pending with 487 (RFC 3261 15.1.2) and forgets it. */
  close(): void {
    const pending = this.#take();
    if (pending) this.#respond(pending, 487);
  }

  #ask(offer: string | null, transaction: ServerTransaction, negotiation: Agreed): void {
    const answer = this.#decide(offer);
    if (!(answer instanceof Promise)) {
      this.#conclude(transaction, offer, negotiation, answer);
      return;
    }
    const deadline = this.#core.clock.setTimer(() => {
      if (this.#take() === transaction) this.#respond(transaction, 500);
    }, this.#core.limits.reinviteAnswerMs);
    this.#pending = { transaction, deadline };
    this.#follow(answer, (decision) => this.#concludePending(transaction, offer, negotiation, decision));
  }

  /** Waits for the decision; a rejected promise is a refusal with 500. */
  #follow(answer: ReinviteAnswer, onDecided: (decision: Decision) => void): void {
    if (!(answer instanceof Promise)) {
      onDecided(answer);
      return;
    }
    answer.then(
      (next) => this.#follow(next, onDecided),
      (error: unknown) => {
        this.#core.logger.error('re-INVITE handler failed', { err: error });
        onDecided({ accept: false, status: 500 });
      },
    );
  }

  #decide(offer: string | null): ReinviteAnswer {
    try {
      return this.#owner.decide(offer);
    } catch (error) {
      this.#core.logger.error('re-INVITE handler failed', { err: error });
      return { accept: false, status: 500 };
    }
  }

  #concludePending(
    transaction: ServerTransaction,
    offer: string | null,
    negotiation: Agreed,
    decision: Decision,
  ): void {
    if (this.#pending?.transaction !== transaction) return;
    this.#take();
    this.#conclude(transaction, offer, negotiation, decision);
  }

  #conclude(
    transaction: ServerTransaction,
    offer: string | null,
    negotiation: Agreed,
    decision: Decision,
  ): void {
    if (decision.accept)
      this.#agree(transaction, { sdp: decision.sdp, delayed: offer === null }, negotiation);
    else
      this.#respond(
        transaction,
        decision.status,
        decision.reason === undefined ? {} : { reason: decision.reason },
      );
  }

  #agree(
    transaction: ServerTransaction,
    answer: { sdp: string; delayed: boolean } | null,
    { headers, terms }: Agreed,
  ): void {
    const contact = ['Contact', this.#core.transports.contact(this.#owner.remote)] as const;
    const parts: ResponseParts = { headers: [contact, ...capabilityHeaders, ...headers] };
    const response = createResponse(transaction.request, 200, answer ? { ...parts, sdp: answer.sdp } : parts);
    const change = { terms, sdp: answer?.sdp ?? null, delayedOffer: answer?.delayed ?? false };
    this.#owner.onAgreed(transaction, response, change);
  }

  /** RFC 3261 14.2: a second offer before the first is answered. */
  #respondBusy(transaction: ServerTransaction): void {
    this.#respond(transaction, 500, { headers: [['Retry-After', String(this.#core.random.integer(11))]] });
  }

  #respond(transaction: ServerTransaction, status: number, parts: ResponseParts = {}): void {
    transaction.respond(createResponse(transaction.request, status, parts));
  }

  #take(): ServerTransaction | null {
    const pending = this.#pending;
    this.#pending = null;
    pending?.deadline.cancel();
    return pending?.transaction ?? null;
  }
}

type Agreed = Extract<ReturnType<typeof negotiateAsServer>, { kind: 'agreed' }>;

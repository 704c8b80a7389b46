import { AckWait } from './ack-wait.js';
import { ClientRequest, type ClientRequestListener } from './client-request.js';
import { capabilityHeaders, type DialogUser, type SipCore } from './core.js';
import { guardSession } from './delegate-guard.js';
import type { SipCredentials } from './digest.js';
import { SipError } from './errors.js';
import { getCSeq, getHeader } from './header-fields.js';
import type { SipRequest, SipResponse } from './message.js';
import { type AgreedChange, OfferReceiver, sdpOf } from './offer-receiver.js';
import { ReferWait } from './refer-wait.js';
import { createResponse, type ResponseParts } from './response.js';
import { SessionTimer, type SessionTimerTerms, termsFromResponse, timerProposal } from './session-timer.js';
import type { SipDialog } from './sip-dialog.js';
import type { ServerTransaction } from './transaction-layer.js';
import { parseUri } from './uri.js';
import type {
  ReinviteAnswer,
  SipRemote,
  SipSession,
  SipSessionDelegate,
  SipSessionEnd,
} from './user-agent-api.js';

type HeaderPair = readonly [name: string, value: string];
type Reject = (error: SipError) => void;

/** How often a refused refresh would be tried in a whole session interval; it begins at half of it (RFC 4028 7.2). */
const refusedRefreshTries = 12;

export interface InviteSessionParts {
  readonly core: SipCore;
  readonly dialog: SipDialog;
  readonly delegate: SipSessionDelegate;
  /** Our current description, repeated in refreshes. */
  readonly localSdp: string;
  readonly terms: SessionTimerTerms | null;
  readonly credentials: SipCredentials | null;
  /** We made the call: decides how long to wait after a 491 (RFC 3261 14.1). */
  readonly outgoing: boolean;
}

/**
 * A session after the 2xx, of either direction: an INVITE usage of its dialog.
 *
 * ```
 *   live -- end(), session timer, no ACK --> leaving (BYE sent, or held back until the ACK) --> gone
 *     +---- BYE received ----------------------------------------------------------------------> gone
 * ```
 * `onEnded` is called on leaving live; the dialog stays in the table until gone, so that crossing requests find it.
 */
export class InviteSession implements SipSession, DialogUser {
  readonly #core: SipCore;
  readonly #dialog: SipDialog;
  readonly #delegate: SipSessionDelegate;
  readonly #credentials: SipCredentials | null;
  readonly #outgoing: boolean;
  readonly #offers: OfferReceiver;
  readonly #sessionTimer: SessionTimer;
  #state: 'live' | 'leaving' | 'gone' = 'live';
  #localSdp: string;
  #ackWait: AckWait | null = null;
  /** Called with the ACK's body when the ACK awaited is of interest to the application. */
  #onAck: ((sdp: string | null) => void) | null = null;
  /** The `reject` of the re-INVITE of ours that waits for its answer. */
  #outgoingOffer: Reject | null = null;
  /** The `reject` of every promise we gave out and have not settled. */
  readonly #waiting = new Set<Reject>();
  #lastAck: SipRequest | null = null;
  /** The REFER of ours whose outcome is awaited: one at a time. */
  #referWait: { readonly wait: ReferWait; readonly resolve: () => void } | null = null;

  constructor(parts: InviteSessionParts) {
    this.#core = parts.core;
    this.#dialog = parts.dialog;
    this.#delegate = guardSession(parts.delegate, parts.core.logger);
    this.#credentials = parts.credentials;
    this.#outgoing = parts.outgoing;
    this.#localSdp = parts.localSdp;
    this.#offers = new OfferReceiver(parts.core, {
      isOfferOutstanding: () => this.#ackWait !== null || this.#outgoingOffer !== null,
      remote: parts.dialog.source,
      decide: (offer) => this.#decide(offer),
      onAgreed: (transaction, response, change) => this.#agree(transaction, response, change),
    });
    this.#sessionTimer = new SessionTimer(parts.core.clock, {
      onRefreshDue: () => this.#refresh(),
      onExpired: () => this.#leave('session-timer'),
    });
    this.#sessionTimer.arm(parts.terms);
    this.#core.dialogs.set(parts.dialog.id, this);
  }

  get callId(): string {
    return this.#dialog.callId;
  }

  get localUri(): string {
    return this.#dialog.localUri;
  }

  get remoteUri(): string {
    return this.#dialog.remoteUri;
  }

  get remote(): SipRemote {
    return this.#dialog.source;
  }

  /** `onEnded` has not been called. */
  get live(): boolean {
    return this.#state === 'live';
  }

  /** Sends our 2xx to the INVITE that made the session, until its ACK. */
  sendAccepted(transaction: ServerTransaction, response: SipResponse, delayedOffer: boolean): void {
    this.#awaitAck(transaction, response, (sdp) => this.#delegate.onConfirmed(delayedOffer ? sdp : null));
  }

  end(): void {
    this.#leave('local-bye');
  }

  abandon(): void {
    if (this.#state === 'live') this.#notifyEnded('local-bye');
    this.#vanish();
  }

  reinvite(sdp: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#sendOffer(sdp, resolve, reject);
    });
  }

  refer(target: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!parseUri(target)) reject(new SipError('bad-target', `"${target}" is not a sip, sips or tel URI`));
      else if (this.#state !== 'live') reject(new SipError('ended', 'The session has ended'));
      else if (this.#referWait) reject(new SipError('request-pending', 'Another transfer is under way'));
      else this.#sendRefer(target, resolve, reject);
    });
  }

  receive(request: SipRequest, transaction: ServerTransaction): void {
    if (!this.#dialog.takeRemoteSequence(request)) this.#respond(transaction, 500);
    else if (request.method === 'BYE') this.#receiveBye(transaction);
    else if (this.#state !== 'live') this.#respond(transaction, 481);
    else if (request.method === 'INVITE' || request.method === 'UPDATE')
      this.#offers.receive(request, transaction);
    else this.#receiveOther(request, transaction);
  }

  receiveAck(request: SipRequest): void {
    if (!this.#ackWait?.matches(request)) return;
    this.#ackWait.stop();
    this.#ackWait = null;
    const onAck = this.#onAck;
    this.#onAck = null;
    if (this.#state === 'live') onAck?.(sdpOf(request));
    else this.#sendBye();
  }

  /** INFO is taken note of and no more (RFC 6086 is not negotiated); NOTIFYs of our REFER tell its outcome (RFC 3515 2.4.4). */
  #receiveOther(request: SipRequest, transaction: ServerTransaction): void {
    const event = (getHeader(request, 'Event') ?? '').split(';', 1)[0]?.trim().toLowerCase();
    if (request.method === 'NOTIFY' && event !== 'refer') this.#respond(transaction, 489);
    else if (request.method === 'OPTIONS') this.#respond(transaction, 200, { headers: capabilityHeaders });
    else this.#respond(transaction, 200);
    if (request.method === 'NOTIFY' && event === 'refer')
      this.#referWait?.wait.notified(request.body.toString('utf8'));
  }

  #receiveBye(transaction: ServerTransaction): void {
    this.#respond(transaction, 200);
    // A far end that hangs up on its REFER has taken the call over.
    this.#settleRefer()?.resolve();
    if (this.#state === 'live') this.#notifyEnded('remote-bye');
    this.#vanish();
  }

  #decide(offer: string | null): ReinviteAnswer {
    return this.#delegate.onReinvite(offer);
  }

  #agree(transaction: ServerTransaction, response: SipResponse, change: AgreedChange): void {
    this.#dialog.refreshTarget(transaction.request);
    this.#sessionTimer.arm(change.terms);
    this.#localSdp = change.sdp ?? this.#localSdp;
    if (transaction.request.method !== 'INVITE') transaction.respond(response);
    else
      this.#awaitAck(
        transaction,
        response,
        change.delayedOffer ? (sdp) => this.#delegate.onConfirmed(sdp) : null,
      );
  }

  #awaitAck(
    transaction: ServerTransaction,
    response: SipResponse,
    onAck: ((sdp: string | null) => void) | null,
  ): void {
    this.#onAck = onAck;
    this.#ackWait = new AckWait(this.#core.clock, this.#core.timers, transaction, response, () => {
      this.#ackWait = null;
      if (this.#state === 'live') this.#leave('no-ack');
      else this.#sendBye();
    });
  }

  #leave(reason: SipSessionEnd): void {
    if (this.#state !== 'live') return;
    this.#notifyEnded(reason);
    // RFC 3261 15: the callee must not send BYE before the ACK or the end of waiting for it.
    if (!this.#ackWait) this.#sendBye();
  }

  #notifyEnded(reason: SipSessionEnd): void {
    this.#state = 'leaving';
    this.#sessionTimer.stop();
    this.#offers.close();
    this.#settleRefer();
    for (const reject of this.#waiting) reject(new SipError('ended', 'The session ended before the answer'));
    this.#waiting.clear();
    this.#outgoingOffer = null;
    this.#delegate.onEnded(reason);
  }

  #sendBye(): void {
    const done = (): void => this.#vanish();
    this.#request('BYE', [], null, { onFinal: done, onFailed: done });
  }

  #vanish(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#ackWait?.stop();
    this.#ackWait = null;
    this.#core.dialogs.delete(this.#dialog.id, this);
  }

  #sendOffer(sdp: string, resolve: (answer: string) => void, reject: Reject): void {
    if (this.#state !== 'live') {
      reject(new SipError('ended', 'The session has ended'));
      return;
    }
    // RFC 3261 14.1: one INVITE transaction at a time in each direction.
    if (this.#outgoingOffer || this.#ackWait || this.#offers.busy) {
      reject(new SipError('request-pending', 'Another offer of this session waits for its answer'));
      return;
    }
    this.#outgoingOffer = reject;
    this.#waiting.add(reject);
    const request = this.#sendReinvite(sdp, this.#timerHeaders(), {
      onFinal: (response) => {
        if (response.status < 300) this.#acknowledgeReinvite(request.request, response);
        if (!this.#settleOffer(reject)) return;
        if (response.status < 300) {
          this.#localSdp = sdp;
          resolve(sdpOf(response) ?? '');
        } else reject(this.#failureOf(response));
      },
      onFailed: (error) => {
        if (this.#settleOffer(reject)) reject(error);
        this.#leaveAfterFailure(error);
      },
    });
  }

  /** Whether the offer was still waiting. */
  #settleOffer(reject: Reject): boolean {
    if (this.#outgoingOffer === reject) this.#outgoingOffer = null;
    return this.#waiting.delete(reject);
  }

  /** A refresh keeps the interval and the roles (RFC 4028 7.4). */
  #timerHeaders(): readonly HeaderPair[] {
    const { terms } = this.#sessionTimer;
    const { sessionExpiresSeconds, minSeSeconds } = this.#core.sessionTimer;
    const role = terms && (terms.refresher === 'local' ? 'uac' : 'uas');
    return timerProposal(terms?.intervalSeconds ?? sessionExpiresSeconds, minSeSeconds, role);
  }

  #sendReinvite(sdp: string, headers: readonly HeaderPair[], listener: ClientRequestListener): ClientRequest {
    const contact: HeaderPair = ['Contact', this.#core.transports.contact(this.#dialog.source)];
    return this.#request('INVITE', [contact, ...capabilityHeaders, ...headers], sdp, listener);
  }

  /** Every 2xx is acknowledged, repeated ones with the same ACK (RFC 3261 13.2.2.4). */
  #acknowledgeReinvite(invite: SipRequest | null, response: SipResponse): void {
    if (!invite) return;
    if (!this.#lastAck || getCSeq(this.#lastAck).number !== getCSeq(invite).number) {
      this.#dialog.refreshTarget(response);
      this.#lastAck = this.#dialog.createAck(invite, this.#core.userAgentName);
      if (this.#state === 'live') this.#sessionTimer.arm(termsFromResponse(response));
    }
    this.#core.transactions.sendAck(this.#lastAck, this.#nextHop());
  }

  /** RFC 3261 12.2.1.2 and 14.1: after 408 and 481 the dialog is no more. */
  #failureOf(response: SipResponse): SipError {
    if (response.status === 408 || response.status === 481) this.#leave('timeout');
    return new SipError('rejected', `Refused with ${response.status}`, response.status);
  }

  #leaveAfterFailure(error: SipError): void {
    if (error.code === 'timeout') this.#leave('timeout');
    else if (error.code === 'transport') this.#leave('transport');
  }

  /** A refresh repeats the description we have (RFC 4028 7.4). */
  #refresh(): void {
    this.reinvite(this.#localSdp).catch((error: unknown) => this.#retryRefresh(error));
  }

  #retryRefresh(error: unknown): void {
    if (this.#state !== 'live') return;
    const random = this.#core.random.integer(200) * 10;
    const collided = error instanceof SipError && (error.code === 'request-pending' || error.status === 491);
    // RFC 3261 14.1: after a 491 the owner of the Call-ID waits 2.1 to 4 s, the other up to 2 s.
    const soonMs = Math.max(this.#outgoing ? 2_100 + random : random, 1_000);
    // Who refused for another reason will hardly think better of it: few tries, spread over what is left.
    const laterMs = ((this.#sessionTimer.terms?.intervalSeconds ?? 0) * 1_000) / refusedRefreshTries + random;
    this.#core.logger.debug('session refresh failed, trying again', { callId: this.callId, err: error });
    this.#sessionTimer.retryRefresh(collided ? soonMs : laterMs);
  }

  #sendRefer(target: string, resolve: () => void, reject: Reject): void {
    this.#waiting.add(reject);
    const headers: HeaderPair[] = [
      ['Refer-To', `<${target}>`],
      ['Referred-By', `<${this.#dialog.localUri}>`],
      ['Contact', this.#core.transports.contact(this.#dialog.source)],
    ];
    this.#request('REFER', headers, null, {
      onFinal: (response) => {
        if (!this.#waiting.has(reject)) return;
        if (response.status < 300) this.#awaitTransfer(resolve, reject);
        else {
          this.#waiting.delete(reject);
          reject(this.#failureOf(response));
        }
      },
      onFailed: (error) => {
        if (this.#waiting.delete(reject)) reject(error);
        this.#leaveAfterFailure(error);
      },
    });
  }

  #awaitTransfer(resolve: () => void, reject: Reject): void {
    const settle = (act: () => void) => (): void => {
      this.#referWait = null;
      if (this.#waiting.delete(reject)) act();
    };
    const wait = new ReferWait(this.#core.clock, (failure) =>
      settle(() => (failure ? reject(failure) : resolve()))(),
    );
    this.#referWait = { wait, resolve: settle(resolve) };
  }

  /** Stops waiting for a transfer's outcome; what was waiting, if anything. */
  #settleRefer(): { readonly resolve: () => void } | null {
    const waiting = this.#referWait;
    waiting?.wait.cancel();
    this.#referWait = null;
    return waiting;
  }

  #request(
    method: string,
    headers: readonly HeaderPair[],
    sdp: string | null,
    listener: ClientRequestListener,
  ): ClientRequest {
    const build = (extra: readonly HeaderPair[]): SipRequest =>
      this.#dialog.createRequest(method, [...headers, ...extra], sdp);
    const request = new ClientRequest(this.#core, this.#nextHop(), this.#credentials, build, listener);
    request.start();
    return request;
  }

  #nextHop(): SipRemote {
    return this.#dialog.nextHop(this.#core.transports);
  }

  #respond(transaction: ServerTransaction, status: number, parts: ResponseParts = {}): void {
    transaction.respond(createResponse(transaction.request, status, parts));
  }
}

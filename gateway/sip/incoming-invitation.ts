import type { Timer } from '../../config/clock.js';
import { capabilityHeaders, type DialogUser, type SipCore } from './core.js';
import { guarded, guardSession } from './delegate-guard.js';
import { SipError } from './errors.js';
import { getHeader } from './header-fields.js';
import { InviteSession } from './invite-session.js';
import type { SipRequest } from './message.js';
import { sdpOf } from './offer-receiver.js';
import { createResponse, type ResponseParts } from './response.js';
import type { negotiateAsServer } from './session-timer.js';
import { SipDialog } from './sip-dialog.js';
import type { ServerTransaction } from './transaction-layer.js';
import type { Invitation, SipRemote, SipSession, SipSessionDelegate } from './user-agent-api.js';

type Agreed = Extract<ReturnType<typeof negotiateAsServer>, { kind: 'agreed' }>;

/**
 * An INVITE that waits for the application, and its early dialog (RFC 3261 13.3.1).
 *
 * waiting --accept--> a session; --reject, CANCEL, BYE, time--> refused. Bounded by `ringMs`.
 */
export class IncomingInvitation implements Invitation, DialogUser {
  readonly request: SipRequest;
  readonly remote: SipRemote;
  readonly callId: string;
  readonly offer: string | null;
  onCancelled: (() => void) | null = null;
  readonly #core: SipCore;
  readonly #transaction: ServerTransaction;
  readonly #timer: Agreed;
  readonly #localTag: string;
  readonly #dialog: SipDialog;
  readonly #deadline: Timer;
  readonly #onDecided: () => void;
  #waiting = true;

  /** `onDecided` is called once, when the invitation is accepted, refused or withdrawn. */
  constructor(
    core: SipCore,
    transaction: ServerTransaction,
    remote: SipRemote,
    timer: Agreed,
    onDecided: () => void,
  ) {
    this.request = transaction.request;
    this.remote = remote;
    this.callId = getHeader(this.request, 'Call-ID') ?? '';
    this.offer = sdpOf(this.request);
    this.#core = core;
    this.#transaction = transaction;
    this.#timer = timer;
    this.#onDecided = onDecided;
    this.#localTag = core.random.hex(8);
    this.#dialog = SipDialog.fromRequest(this.request, this.#localTag, remote, core.random.integer(2 ** 24));
    this.#deadline = core.clock.setTimer(() => this.#giveUp(480), core.limits.ringMs);
    core.dialogs.set(this.#dialog.id, this);
  }

  ringing(): void {
    if (this.#waiting) this.#respond(180, { headers: [this.#contact()] });
  }

  accept(sdp: string, delegate: SipSessionDelegate): SipSession {
    if (!this.#waiting) {
      // Too late: the caller has gone. The owner learns it as of any session, once this call has returned.
      const { logger } = this.#core;
      queueMicrotask(() => guardSession(delegate, logger).onEnded('remote-bye'));
      return this.#endedSession();
    }
    const session = this.#createSession(sdp, delegate);
    this.#settle();
    const headers = [this.#contact(), ...capabilityHeaders, ...this.#timer.headers];
    const response = createResponse(this.request, 200, { toTag: this.#localTag, headers, sdp });
    session.sendAccepted(this.#transaction, response, this.offer === null);
    return session;
  }

  reject(status: number, reason?: string, headers: readonly (readonly [string, string])[] = []): void {
    if (!this.#waiting) return;
    this.#settle();
    // Only a final failure can refuse; anything else from the application is a mistake of ours.
    const failure = status >= 300 && status <= 699 ? status : 500;
    this.#respond(failure, reason === undefined ? { headers } : { headers, reason });
  }

  /** The caller sent CANCEL (RFC 3261 9.2). */
  cancel(): void {
    this.#giveUp(487);
  }

  end(): void {
    this.#giveUp(503);
  }

  abandon(): void {
    if (!this.#waiting) return;
    this.#settle();
    this.#tellCancelled();
  }

  /** A request in the early dialog: BYE ends it (RFC 3261 15), offers have to wait (RFC 3311 5.2). */
  receive(request: SipRequest, transaction: ServerTransaction): void {
    const inOrder = this.#dialog.takeRemoteSequence(request);
    const status = inOrder && (request.method === 'BYE' || request.method === 'INFO') ? 200 : 500;
    const headers = status === 500 ? ([['Retry-After', String(this.#core.random.integer(11))]] as const) : [];
    transaction.respond(createResponse(request, status, { headers }));
    if (request.method === 'BYE' && inOrder) this.#giveUp(487);
  }

  receiveAck(): void {
    // An ACK before our final response acknowledges nothing (RFC 3261 13.3.1.4).
  }

  #createSession(sdp: string, delegate: SipSessionDelegate): InviteSession {
    return new InviteSession({
      core: this.#core,
      dialog: this.#dialog,
      delegate,
      localSdp: sdp,
      terms: this.#timer.terms,
      credentials: null,
      outgoing: false,
    });
  }

  #endedSession(): SipSession {
    const { callId, localUri, remoteUri } = this.#dialog;
    const refuse = (): Promise<never> => Promise.reject(new SipError('ended', 'The session has ended'));
    const end = (): void => undefined;
    return { callId, localUri, remoteUri, remote: this.remote, end, reinvite: refuse, refer: refuse };
  }

  #giveUp(status: number): void {
    if (!this.#waiting) return;
    this.#settle();
    this.#respond(status);
    this.#tellCancelled();
  }

  #tellCancelled(): void {
    const { onCancelled } = this;
    if (onCancelled) guarded(this.#core.logger, 'onCancelled', onCancelled);
  }

  #settle(): void {
    this.#waiting = false;
    this.#deadline.cancel();
    this.#onDecided();
    this.#core.dialogs.delete(this.#dialog.id, this);
  }

  #contact(): readonly [string, string] {
    return ['Contact', this.#core.transports.contact(this.remote)];
  }

  #respond(status: number, parts: ResponseParts = {}): void {
    this.#transaction.respond(createResponse(this.request, status, { toTag: this.#localTag, ...parts }));
  }
}

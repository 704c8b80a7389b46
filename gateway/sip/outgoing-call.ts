import { isIP } from 'node:net';
import type { Timer } from '../../config/clock.js';
import { ClientRequest } from './client-request.js';
import { capabilityHeaders, type DialogUser, type SipCore } from './core.js';
import { guardCall } from './delegate-guard.js';
import type { SipCredentials } from './digest.js';
import { SipError } from './errors.js';
import { InviteSession } from './invite-session.js';
import type { SipHeader, SipRequest, SipResponse } from './message.js';
import { sdpOf } from './offer-receiver.js';
import { createResponse, tagOf } from './response.js';
import { intervalFromRefusal, termsFromResponse, timerProposal } from './session-timer.js';
import { SipDialog } from './sip-dialog.js';
import type { ServerTransaction } from './transaction-layer.js';
import type { TransportSet } from './transport-set.js';
import { formatUri, type SipUri } from './uri.js';
import type { OutgoingCallDelegate, SipRemote, SipSession } from './user-agent-api.js';

type HeaderPair = readonly [name: string, value: string];

export interface OutgoingCallOptions {
  /** User part of our From, percent-encoded where needed; without it From has none. */
  readonly fromUser?: string;
  /** For 401 and 407 (RFC 3261 22), in the INVITE and everything that follows it. */
  readonly credentials?: SipCredentials;
  /** More header fields of the INVITE. */
  readonly headers?: readonly HeaderPair[];
}

/** Finds an IP address of a host name, of that family. */
export type HostLookup = (host: string, family: 4 | 6) => Promise<string>;

/** 2xx from more branches of a fork than this are left to time out at their senders. */
const maximumForks = 16;

/**
 * A call we place (RFC 3261 13.2).
 *
 * ```
 *   calling --1xx--> ringing --2xx--> answered (an InviteSession from here on)
 *      |  end()         | end(): CANCEL
 *      +----------------+--> cancelling --final response or 64*T1--> gone
 *      +-- 300-699, time-out, transport error --> gone
 * ```
 * The delegate is told of exactly one end: `onRejected` when there never was a session, else `onEnded`; `end()` before
 * the answer is `onEnded('local-bye')` at once.
 */
export class OutgoingCall implements SipSession, DialogUser {
  readonly callId: string;
  readonly remoteUri: string;
  readonly #core: SipCore;
  readonly #delegate: OutgoingCallDelegate;
  readonly #options: OutgoingCallOptions;
  readonly #sdp: string;
  readonly #localTag: string;
  readonly #acks = new Map<string, SipRequest>();
  #state: 'calling' | 'ringing' | 'cancelling' | 'answered' | 'gone' = 'calling';
  #remote: SipRemote;
  #localUri: string;
  #sequence = 0;
  #intervalSeconds: number;
  #request: ClientRequest | null = null;
  #session: InviteSession | null = null;
  #deadline: Timer | null = null;
  #cancelSent = false;

  constructor(
    core: SipCore,
    target: SipUri,
    sdp: string,
    delegate: OutgoingCallDelegate,
    options: OutgoingCallOptions,
  ) {
    this.#core = core;
    this.#delegate = guardCall(delegate, core.logger);
    this.#options = options;
    this.#sdp = sdp;
    this.#localTag = core.random.hex(8);
    this.#intervalSeconds = core.sessionTimer.sessionExpiresSeconds;
    this.#remote = targetRemote(target, core.transports);
    this.callId = core.random.hex(16);
    this.#localUri = this.#ownUri();
    this.remoteUri = formatUri({ ...target, headers: null });
  }

  /** Our From; where every interface is bound, its host is known once the target is. */
  get localUri(): string {
    return this.#localUri;
  }

  get remote(): SipRemote {
    return this.#session?.remote ?? this.#remote;
  }

  /** Sends the INVITE, after `lookup` where the target is a host name. */
  start(lookup: HostLookup): void {
    this.#core.dialogs.addLoose(this);
    this.#deadline = this.#core.clock.setTimer(() => this.#giveUp(), this.#core.limits.ringMs);
    if (isIP(this.#remote.address) !== 0) {
      this.#invite();
      return;
    }
    const family = this.#core.transports.supports(this.#remote.transport, '0.0.0.0') ? 4 : 6;
    lookup(this.#remote.address, family).then(
      (address) => {
        this.#remote = { ...this.#remote, address };
        this.#localUri = this.#ownUri();
        if (this.#state === 'calling') this.#invite();
        else this.#vanish();
      },
      (cause: unknown) => {
        const host = this.#remote.address;
        this.#fail(null, new SipError('bad-target', `No address found for ${host}`, null, { cause }));
      },
    );
  }

  end(): void {
    if (this.#session) this.#session.end();
    else if (this.#cancel()) this.#delegate.onEnded('local-bye');
  }

  abandon(): void {
    if (this.#state === 'gone') return;
    const told = this.#state === 'cancelling' || this.#state === 'answered';
    this.#request?.abandon();
    this.#vanish();
    if (!told) this.#delegate.onEnded('local-bye');
  }

  reinvite(sdp: string): Promise<string> {
    return this.#session?.reinvite(sdp) ?? Promise.reject(new SipError('ended', 'The call is not answered'));
  }

  refer(target: string): Promise<void> {
    return this.#session?.refer(target) ?? Promise.reject(new SipError('ended', 'The call is not answered'));
  }

  /** Before the answer there is no dialog of ours that a request could be in. */
  receive(request: SipRequest, transaction: ServerTransaction): void {
    transaction.respond(createResponse(request, 481));
  }

  receiveAck(): void {
    // We sent no 2xx that an ACK could belong to.
  }

  #ownUri(): string {
    const { fromUser } = this.#options;
    const user = fromUser === undefined ? '' : `${fromUser}@`;
    return `sip:${user}${this.#core.transports.sentBy(this.#remote)}`;
  }

  #invite(): void {
    const credentials = this.#options.credentials ?? null;
    this.#request = new ClientRequest(
      this.#core,
      this.#remote,
      credentials,
      (headers) => this.#build(headers),
      {
        onProvisional: (response) => this.#receiveProvisional(response),
        onFinal: (response) => this.#receiveFinal(response),
        onFailed: (error) => this.#fail(null, error),
      },
    );
    this.#request.start();
  }

  #build(extra: readonly HeaderPair[]): SipRequest {
    this.#sequence++;
    const { transports, sessionTimer } = this.#core;
    const headers: SipHeader[] = [
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: `<${this.localUri}>;tag=${this.#localTag}` },
      { name: 'To', value: `<${this.remoteUri}>` },
      { name: 'Call-ID', value: this.callId },
      { name: 'CSeq', value: `${this.#sequence} INVITE` },
      { name: 'Contact', value: transports.contact(this.#remote) },
    ];
    const timer = timerProposal(this.#intervalSeconds, sessionTimer.minSeSeconds);
    for (const [name, value] of [...capabilityHeaders, ...timer, ...(this.#options.headers ?? []), ...extra])
      headers.push({ name, value });
    headers.push({ name: 'Content-Type', value: 'application/sdp' });
    const body = Buffer.from(this.#sdp, 'utf8');
    return { kind: 'request', method: 'INVITE', uri: this.remoteUri, headers, body };
  }

  #receiveProvisional(response: SipResponse): void {
    if (this.#state === 'cancelling') {
      // end() came before any response; now CANCEL may go (RFC 3261 9.1).
      if (!this.#cancelSent) this.#sendCancel();
      return;
    }
    if (this.#state === 'calling') this.#state = 'ringing';
    if (this.#state === 'ringing' && response.status > 100) this.#delegate.onProvisional(response);
  }

  #receiveFinal(response: SipResponse): void {
    if (response.status < 300) this.#receiveSuccess(response);
    else if (response.status === 422 && this.#state !== 'cancelling') this.#retryLonger(response);
    else this.#fail(response);
  }

  #receiveSuccess(response: SipResponse): void {
    const tag = tagOf(response, 'To') ?? '';
    const known = this.#acks.get(tag);
    if (known) {
      this.#core.transactions.sendAck(known, this.#ackHop(response));
      return;
    }
    const invite = this.#request?.request;
    if (!invite || this.#acks.size >= maximumForks) return;
    const dialog = SipDialog.fromResponse(invite, response, this.#remote);
    const ack = dialog.createAck(invite, this.#core.userAgentName);
    this.#acks.set(tag, ack);
    this.#core.transactions.sendAck(ack, dialog.nextHop(this.#core.transports));
    const wanted = this.#state === 'calling' || this.#state === 'ringing';
    const session = this.#createSession(dialog, response, wanted);
    if (wanted) this.#answer(session, response);
    else {
      // A second branch of a fork answered, or the answer crossed our CANCEL (RFC 3261 13.2.2.4, 9.1).
      session.end();
      if (this.#state === 'cancelling') this.#vanish();
    }
  }

  #answer(session: InviteSession, response: SipResponse): void {
    this.#session = session;
    this.#state = 'answered';
    this.#letGo();
    this.#delegate.onAnswered(sdpOf(response) ?? '');
    // The application may have hung up in onAnswered.
    if (session.live) this.#delegate.onConfirmed(null);
  }

  #createSession(dialog: SipDialog, response: SipResponse, wanted: boolean): InviteSession {
    const silent = {
      onConfirmed: () => undefined,
      onReinvite: () => ({ accept: false, status: 481 }) as const,
      onEnded: () => undefined,
    };
    return new InviteSession({
      core: this.#core,
      dialog,
      delegate: wanted ? this.#delegate : silent,
      localSdp: this.#sdp,
      terms: termsFromResponse(response),
      credentials: this.#options.credentials ?? null,
      outgoing: true,
    });
  }

  #ackHop(response: SipResponse): SipRemote {
    const invite = this.#request?.request;
    if (!invite) return this.#remote;
    return SipDialog.fromResponse(invite, response, this.#remote).nextHop(this.#core.transports);
  }

  /** RFC 4028 7.3: a 422 names the interval to ask for; a second one with the same is a refusal. */
  #retryLonger(response: SipResponse): void {
    const seconds = intervalFromRefusal(response);
    if (seconds === null || seconds <= this.#intervalSeconds) this.#fail(response);
    else {
      this.#intervalSeconds = seconds;
      this.#invite();
    }
  }

  #giveUp(): void {
    if (this.#cancel())
      this.#delegate.onRejected(null, new SipError('timeout', 'The call was not answered in time'));
  }

  /** Whether there was something to cancel. */
  #cancel(): boolean {
    if (this.#state !== 'calling' && this.#state !== 'ringing') return false;
    const mayCancel = this.#state === 'ringing';
    this.#state = 'cancelling';
    this.#deadline?.cancel();
    // RFC 3261 9.1: no final response within 64*T1 of the CANCEL, and the call is taken for cancelled.
    this.#deadline = this.#core.clock.setTimer(() => {
      this.#request?.abandon();
      this.#vanish();
    }, 64 * this.#core.timers.t1Ms);
    if (mayCancel) this.#sendCancel();
    return true;
  }

  #sendCancel(): void {
    this.#cancelSent = true;
    this.#request?.cancel();
  }

  #fail(response: SipResponse | null, cause: SipError | null = null): void {
    if (this.#state === 'answered' || this.#state === 'gone') return;
    const told = this.#state === 'cancelling';
    this.#vanish();
    if (!told) this.#delegate.onRejected(response, cause);
  }

  #vanish(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#letGo();
  }

  #letGo(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
    this.#core.dialogs.deleteLoose(this);
  }
}

/** Transport, host and port of a target URI (RFC 3263 4.1 and 4.2 without SRV and NAPTR); the host may be a name. */
function targetRemote(target: SipUri, transports: TransportSet): SipRemote {
  const named = target.parameters.get('transport')?.toLowerCase();
  const transport = named === 'tcp' || (named === undefined && !transports.supports('udp')) ? 'tcp' : 'udp';
  return { transport, address: target.host, port: target.port ?? 5060 };
}

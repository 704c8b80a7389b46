import { lookup } from 'node:dns/promises';
import type { Clock } from '../../config/clock.js';
import { sipLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import { DialogTable, type SipCore } from './core.js';
import { guarded } from './delegate-guard.js';
import { SipError, type SipParseError } from './errors.js';
import { FrontDesk } from './front-desk.js';
import type { SipLimits } from './head-parser.js';
import { IncomingInvitation } from './incoming-invitation.js';
import { createAddressList } from './local-address.js';
import { defaultSipTimers } from './machine.js';
import type { SipMessage, SipRequest, SipResponse } from './message.js';
import { type HostLookup, OutgoingCall, type OutgoingCallOptions } from './outgoing-call.js';
import { createResponse } from './response.js';
import { serializeMessage } from './serializer.js';
import { defaultSessionTimer, negotiateAsServer, type SessionTimerOptions } from './session-timer.js';
import { dialogIdOf } from './sip-dialog.js';
import { type ServerTransaction, TransactionLayer } from './transaction-layer.js';
import { socketTransports, type TransportFactory, TransportSet } from './transport-set.js';
import type { SipBinding, SipFlow } from './transport.js';
import { parseUri } from './uri.js';
import type { OutgoingCallDelegate, SipRemote, SipSession, UserAgentDelegate } from './user-agent-api.js';
import { stampReceived } from './via.js';

export interface UserAgentOptions {
  readonly bind: readonly SipBinding[];
  /** The address peers reach us at, for Via and Contact; ours when left out. */
  readonly advertisedAddress?: string;
  /** The value of User-Agent in requests. */
  readonly userAgentName: string;
  readonly sessionTimer?: SessionTimerOptions;
  readonly limits?: Partial<SipLimits>;
  /** T1 of RFC 3261 in milliseconds, 500 when left out. */
  readonly t1Ms?: number;
  /** CIDR blocks and addresses whose requests are served; others get 403. Everyone when left out. */
  readonly allowFrom?: readonly string[];
  /** How long `close` waits for the answers to its BYEs, in milliseconds; 2,000 when left out. */
  readonly closeMs?: number;
}

export interface UserAgentParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly delegate: UserAgentDelegate;
  /** Asked before each new call: null admits it, a number refuses it with 503 and that Retry-After in seconds. */
  readonly admission?: () => number | null;
  /** Real sockets when left out. */
  readonly transportFactory?: TransportFactory;
  /** The system's resolver when left out. */
  readonly lookup?: HostLookup;
}

/** Counters since start, and what is live now. */
export interface UserAgentStats {
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly parseErrors: number;
  /** Requests from outside `allowFrom`. */
  readonly forbidden: number;
  readonly transactions: number;
  readonly dialogs: number;
  readonly tcpConnections: number;
}

/**
 * A SIP user agent (RFC 3261): takes and places calls over UDP and TCP.
 *
 * Messages come in from the transports, pass the front desk, meet their transaction, and new requests end in
 * `#receiveRequest`, from where each dialog gets its own and a new call becomes an invitation.
 */
export class UserAgent {
  readonly #core: SipCore;
  readonly #delegate: UserAgentDelegate;
  readonly #admission: () => number | null;
  readonly #frontDesk: FrontDesk;
  readonly #lookup: HostLookup;
  readonly #closeMs: number;
  readonly #invitations = new Map<ServerTransaction, IncomingInvitation>();
  #messagesIn = 0;
  #messagesOut = 0;
  #closing: Promise<void> | null = null;

  /** Throws a RangeError for an `allowFrom` entry that is no address. */
  constructor(options: UserAgentOptions, parts: UserAgentParts) {
    this.#delegate = parts.delegate;
    this.#admission = parts.admission ?? (() => null);
    this.#lookup = parts.lookup ?? (async (host, family) => (await lookup(host, { family })).address);
    this.#closeMs = options.closeMs ?? 2_000;
    this.#core = this.#createCore(options, parts);
    this.#frontDesk = this.#createFrontDesk(options.allowFrom ?? null);
  }

  /** Binds every transport; rejects with SipError where one cannot be. */
  start(): Promise<void> {
    return this.#core.transports.open();
  }

  /** The addresses bound, in the order of `options.bind`, with the ports the system chose. */
  get boundPorts(): readonly SipBinding[] {
    return this.#core.transports.bound;
  }

  stats(): UserAgentStats {
    return {
      messagesIn: this.#messagesIn,
      messagesOut: this.#messagesOut,
      parseErrors: this.#frontDesk.parseErrors,
      forbidden: this.#frontDesk.forbidden,
      transactions: this.#core.transactions.size,
      dialogs: this.#core.dialogs.size,
      tcpConnections: this.#core.transports.tcpConnections,
    };
  }

  /**
   * Calls `targetUri` (a sip URI with an IP address or a host name; sips would need TLS) with the offer `sdp`.
   *
   * Throws SipError `bad-target`, `overload` or `closed`; everything later goes to `delegate`.
   */
  invite(
    targetUri: string,
    sdp: string,
    delegate: OutgoingCallDelegate,
    options: OutgoingCallOptions = {},
  ): SipSession {
    const target = parseUri(targetUri);
    if (target?.scheme !== 'sip')
      throw new SipError('bad-target', `"${targetUri}" is not a SIP URI such as sip:bot@192.0.2.1:5060`);
    if (this.#closing) throw new SipError('closed', 'The SIP user agent is closed');
    if (this.#core.dialogs.size >= this.#core.limits.dialogs)
      throw new SipError('overload', 'Too many calls');
    const call = new OutgoingCall(this.#core, target, sdp, delegate, options);
    call.start(this.#lookup);
    return call;
  }

  /** Refuses new calls, ends every session with BYE, waits at most `closeMs` for the answers, and releases everything. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, dialogs, transactions, transports } = this.#core;
    for (const user of dialogs.all()) user.end();
    await new Promise<void>((resolve) => {
      const deadline = clock.setTimer(resolve, this.#closeMs);
      dialogs.whenEmpty(() => {
        deadline.cancel();
        resolve();
      });
    });
    for (const user of dialogs.all()) user.abandon();
    transactions.close();
    await transports.close();
  }

  #createFrontDesk(allowFrom: readonly string[] | null): FrontDesk {
    const { clock, random, logger, limits, dialogs, transports } = this.#core;
    return new FrontDesk({
      clock,
      logger,
      secret: random.hex(16),
      logsPerMinute: limits.badMessageLogsPerMinute,
      isAllowed: allowFrom ? createAddressList(allowFrom) : () => true,
      hasDialog: (id) => dialogs.get(id) !== undefined,
      contact: (remote) => transports.contact(remote),
      options: (request) => (this.#closing ? null : this.#askOptions(request)),
    });
  }

  #createCore(options: UserAgentOptions, parts: UserAgentParts): SipCore {
    const { clock, random, logger } = parts;
    const limits: SipLimits = { ...sipLimits, ...options.limits };
    const timers = { ...defaultSipTimers, ...(options.t1Ms === undefined ? {} : { t1Ms: options.t1Ms }) };
    const transports = new TransportSet(
      options.bind,
      options.advertisedAddress ?? null,
      parts.transportFactory ?? socketTransports(limits, clock),
      {
        onMessage: (message, flow) => this.#receive(message, flow),
        onParseError: (error, flow) => this.#receiveBroken(error, flow),
      },
    );
    const transactions = new TransactionLayer(
      { clock, random, timers, maximum: limits.transactions },
      {
        send: (message, remote, onError) => {
          this.#messagesOut++;
          transports.send(serializeMessage(message), remote, onError);
        },
        isConnected: (remote) => transports.isConnected(remote),
        sentBy: (remote) => transports.sentBy(remote),
      },
      {
        answerStateless: (request, remote) => this.#frontDesk.answer(request, remote),
        onRequest: (request, transaction, remote) => this.#receiveRequest(request, transaction, remote),
        onAck: (request) => this.#dialogOf(request)?.receiveAck(request),
        onCancel: (invite) => this.#invitations.get(invite)?.cancel(),
      },
    );
    const sessionTimer = options.sessionTimer ?? defaultSessionTimer;
    const { userAgentName } = options;
    const dialogs = new DialogTable();
    return {
      clock,
      random,
      logger,
      limits,
      timers,
      sessionTimer,
      userAgentName,
      transports,
      transactions,
      dialogs,
    };
  }

  #receive(message: SipMessage, { remote }: SipFlow): void {
    this.#messagesIn++;
    if (message.kind === 'response') {
      this.#core.transactions.receiveResponse(message);
      return;
    }
    stampReceived(message, remote);
    if (this.#frontDesk.admits(message, remote)) this.#core.transactions.receiveRequest(message, remote);
    else this.#respondStateless(this.#frontDesk.answerForbidden(message), remote);
  }

  #receiveBroken(error: SipParseError, { remote }: SipFlow): void {
    if (error.request) stampReceived(error.request, remote);
    this.#respondStateless(this.#frontDesk.answerBroken(error, remote), remote);
  }

  #respondStateless(response: SipResponse | null, remote: SipRemote): void {
    if (response) this.#core.transactions.respondStateless(response, remote);
  }

  #receiveRequest(request: SipRequest, transaction: ServerTransaction, remote: SipRemote): void {
    const user = this.#dialogOf(request);
    if (user) user.receive(request, transaction);
    else this.#receiveInvite(transaction, remote);
  }

  #receiveInvite(transaction: ServerTransaction, remote: SipRemote): void {
    const { dialogs, limits, sessionTimer } = this.#core;
    const full = this.#closing !== null || dialogs.size >= limits.dialogs;
    const retryAfterSeconds = full ? 5 : this.#admission();
    const negotiation = negotiateAsServer(transaction.request, sessionTimer);
    if (retryAfterSeconds !== null)
      this.#respond(transaction, 503, [['Retry-After', String(Math.ceil(retryAfterSeconds))]]);
    else if (negotiation.kind === 'too-small') this.#respond(transaction, 422, negotiation.headers);
    else {
      const invitation = new IncomingInvitation(this.#core, transaction, remote, negotiation, () =>
        this.#invitations.delete(transaction),
      );
      this.#invitations.set(transaction, invitation);
      this.#hand(invitation);
    }
  }

  /** A fault of the application costs this one call (RFC 3261 21.5.1). */
  #hand(invitation: IncomingInvitation): void {
    try {
      this.#delegate.onInvite(invitation);
    } catch (error) {
      this.#core.logger.error('INVITE handler failed', { callId: invitation.callId, err: error });
      invitation.reject(500);
    }
  }

  #askOptions(request: SipRequest): string | null {
    let sdp: string | null = null;
    guarded(this.#core.logger, 'onOptions', () => (sdp = this.#delegate.onOptions(request)));
    return sdp;
  }

  #dialogOf(request: SipRequest): ReturnType<DialogTable['get']> {
    const id = dialogIdOf(request);
    return id === null ? undefined : this.#core.dialogs.get(id);
  }

  #respond(
    transaction: ServerTransaction,
    status: number,
    headers: readonly (readonly [string, string])[] = [],
  ): void {
    const toTag = this.#core.random.hex(8);
    transaction.respond(createResponse(transaction.request, status, { toTag, headers }));
  }
}

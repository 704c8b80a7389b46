import type { Clock } from '../../config/clock.js';
import type { Random } from '../../config/random.js';
import type { SipError } from './errors.js';
import { getCSeq, getHeader, getHeaders } from './header-fields.js';
import { InviteClientTransaction } from './invite-client-transaction.js';
import { InviteServerTransaction } from './invite-server-transaction.js';
import type { ClientTransactionListener, MachineEnvironment, SipTimers } from './machine.js';
import type { SipMessage, SipRequest, SipResponse } from './message.js';
import { NonInviteClientTransaction } from './non-invite-client-transaction.js';
import { NonInviteServerTransaction } from './non-invite-server-transaction.js';
import { createResponse, tagOf } from './response.js';
import type { SipRemote } from './user-agent-api.js';
import { branchMagicCookie, responseRemote, topVia, type Via } from './via.js';

export type ClientTransaction = InviteClientTransaction | NonInviteClientTransaction;
export type ServerTransaction = InviteServerTransaction | NonInviteServerTransaction;

/** What the user of a client transaction is told; at most one of the last two, and none after a final response. */
export type ClientListener = Pick<ClientTransactionListener, 'onResponse' | 'onTimeout' | 'onTransportError'>;

/** The way to the wire below the transactions. */
export interface TransactionTransport {
  send(message: SipMessage, remote: SipRemote, onError: (error: SipError) => void): void;
  isConnected(remote: SipRemote): boolean;
  /** Our side of the Via: host and port. */
  sentBy(remote: SipRemote): string;
}

/** The transaction user (RFC 3261 5): whoever decides about requests. */
export interface TransactionUser {
  /** The answer to a new request (ACK and CANCEL excepted) that needs no transaction, or null; same for every copy. */
  answerStateless(request: SipRequest, remote: SipRemote): SipResponse | null;
  /** A new request, ACK and CANCEL excepted. */
  onRequest(request: SipRequest, transaction: ServerTransaction, remote: SipRemote): void;
  /** The ACK of a 2xx. */
  onAck(request: SipRequest): void;
  /** CANCEL of an INVITE that is still undecided; the CANCEL itself is answered already. */
  onCancel(invite: InviteServerTransaction): void;
}

/**
 * Matches messages to transactions and makes new ones (RFC 3261 17.1.3, 17.2.3), at most `maximum` at a time.
 */
export class TransactionLayer {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timers: SipTimers;
  readonly #maximum: number;
  readonly #transport: TransactionTransport;
  readonly #user: TransactionUser;
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction>();
  /** Key of the server transaction of each out-of-dialog request, by what a merged copy shares (8.2.2.2). */
  readonly #merged = new Map<string, string>();

  constructor(
    parts: { clock: Clock; random: Random; timers: SipTimers; maximum: number },
    transport: TransactionTransport,
    user: TransactionUser,
  ) {
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#timers = parts.timers;
    this.#maximum = parts.maximum;
    this.#transport = transport;
    this.#user = user;
  }

  /** Live transactions of both sides. */
  get size(): number {
    return this.#clients.size + this.#servers.size;
  }

  /** Ends every transaction silently. */
  close(): void {
    for (const transaction of [...this.#clients.values(), ...this.#servers.values()]) transaction.terminate();
  }

  /** Takes a response from the wire; one that fits no transaction is dropped (RFC 6026 8.9). */
  receiveResponse(response: SipResponse): void {
    const branch = topVia(response)?.parameters.get('branch');
    this.#clients.get(`${branch ?? ''}|${getCSeq(response).method}`)?.receive(response);
  }

  /** Takes a request from the wire, its top Via already stamped with where it came from. */
  receiveRequest(request: SipRequest, source: SipRemote): void {
    const via = topVia(request);
    if (!via) return;
    const known = this.#servers.get(
      serverKey(request, via, request.method === 'ACK' ? 'INVITE' : request.method),
    );
    if (request.method === 'ACK') this.#receiveAck(request, known);
    else if (known) known.receive(request);
    else if (request.method === 'CANCEL') this.#receiveCancel(request, via, source);
    else {
      const answer = this.#user.answerStateless(request, source);
      if (answer) this.respondStateless(answer, source);
      else if (this.size >= this.#maximum) this.#refuse(request, source);
      else this.#receiveNew(request, via, source);
    }
  }

  /**
   * Sends `request` in a new client transaction; a Via with a fresh branch is put on top.
   *
   * Returns null when there are too many transactions.
   */
  request(request: SipRequest, remote: SipRemote, listener: ClientListener): ClientTransaction | null {
    if (this.size >= this.#maximum) return null;
    const branch = this.#addVia(request, remote);
    return this.#startClient(request, `${branch}|${request.method}`, remote, listener);
  }

  /** Sends CANCEL for an INVITE that has had a provisional response (RFC 3261 9.1). */
  cancel(invite: ClientTransaction, remote: SipRemote): void {
    const branch = topVia(invite.request)?.parameters.get('branch') ?? '';
    const ignore = (): void => undefined;
    const listener = { onResponse: ignore, onTimeout: ignore, onTransportError: ignore };
    this.#startClient(createCancel(invite.request), `${branch}|CANCEL`, remote, listener);
  }

  /** Sends the ACK of a 2xx, which belongs to no transaction (RFC 3261 13.2.2.4). */
  sendAck(ack: SipRequest, remote: SipRemote): void {
    if (!topVia(ack)) this.#addVia(ack, remote);
    // A lost ACK makes the peer send its 2xx again, which makes us send this again.
    this.#transport.send(ack, remote, () => undefined);
  }

  /** Answers without a transaction: for what may come in floods (RFC 3261 8.2.7). */
  respondStateless(response: SipResponse, source: SipRemote): void {
    const via = topVia(response);
    if (via) this.#transport.send(response, this.#responseRemote(via, source), () => undefined);
  }

  #receiveAck(request: SipRequest, known: ServerTransaction | undefined): void {
    // In accepted the ACK is the user's even if its sender reused the branch of the INVITE.
    if (known instanceof InviteServerTransaction && known.state !== 'accepted') known.receive(request);
    else this.#user.onAck(request);
  }

  #receiveNew(request: SipRequest, via: Via, source: SipRemote): void {
    const key = serverKey(request, via, request.method);
    const merged = tagOf(request, 'To') === null ? mergedKey(request) : null;
    const loop = merged !== null && this.#merged.has(merged);
    if (merged !== null && !loop) this.#merged.set(merged, key);
    const transaction = this.#startServer(request, via, key, source, loop ? null : merged);
    if (transaction instanceof InviteServerTransaction && !loop) transaction.start();
    if (loop) transaction.respond(createResponse(request, 482, { toTag: this.#random.hex(8) }));
    else this.#user.onRequest(request, transaction, source);
  }

  /** CANCEL is a transaction of its own; its target differs in nothing but the method (RFC 3261 9.2). */
  #receiveCancel(request: SipRequest, via: Via, source: SipRemote): void {
    const invite = this.#servers.get(serverKey(request, via, 'INVITE'));
    const toTag = this.#random.hex(8);
    if (!(invite instanceof InviteServerTransaction)) {
      this.respondStateless(createResponse(request, 481, { toTag }), source);
      return;
    }
    // Made even above the maximum: there is at most one for an INVITE, and it makes that one go away.
    const transaction = this.#startServer(request, via, serverKey(request, via, 'CANCEL'), source, null);
    transaction.respond(createResponse(request, 200, { toTag }));
    if (invite.state === 'proceeding') this.#user.onCancel(invite);
  }

  #refuse(request: SipRequest, source: SipRemote): void {
    const headers = [['Retry-After', String(5 + this.#random.integer(10))]] as const;
    this.respondStateless(createResponse(request, 503, { toTag: this.#random.hex(8), headers }), source);
  }

  #startServer(
    request: SipRequest,
    via: Via,
    key: string,
    source: SipRemote,
    merged: string | null,
  ): ServerTransaction {
    const listener = {
      send: (message: SipMessage) =>
        this.#transport.send(message, this.#responseRemote(via, source), (error) =>
          transaction.transportFailed(error),
        ),
      // Whoever waits for the answer asks again; nothing above could do better.
      onTransportError: () => undefined,
      onTerminated: () => {
        this.#servers.delete(key);
        if (merged !== null) this.#merged.delete(merged);
      },
    };
    const environment = this.#environment(source);
    const transaction: ServerTransaction =
      request.method === 'INVITE'
        ? new InviteServerTransaction(request, environment, listener)
        : new NonInviteServerTransaction(request, environment, listener);
    this.#servers.set(key, transaction);
    return transaction;
  }

  #startClient(
    request: SipRequest,
    key: string,
    remote: SipRemote,
    listener: ClientListener,
  ): ClientTransaction {
    const full: ClientTransactionListener = {
      send: (message) => this.#transport.send(message, remote, (error) => transaction.transportFailed(error)),
      onResponse: (response) => listener.onResponse(response),
      onTimeout: () => listener.onTimeout(),
      onTransportError: (error) => listener.onTransportError(error),
      onTerminated: () => void this.#clients.delete(key),
    };
    const environment = this.#environment(remote);
    const transaction: ClientTransaction =
      request.method === 'INVITE'
        ? new InviteClientTransaction(request, environment, full)
        : new NonInviteClientTransaction(request, environment, full);
    this.#clients.set(key, transaction);
    transaction.start();
    return transaction;
  }

  #environment(remote: SipRemote): MachineEnvironment {
    return { clock: this.#clock, timers: this.#timers, reliable: remote.transport === 'tcp' };
  }

  /** Over TCP to the connection the request came on, or to a new one if that is gone (RFC 3261 18.2.2). */
  #responseRemote(via: Via, source: SipRemote): SipRemote {
    if (source.transport === 'tcp' && !this.#transport.isConnected(source))
      return { ...source, port: via.port ?? 5060 };
    return responseRemote(via, source);
  }

  #addVia(request: SipRequest, remote: SipRemote): string {
    const branch = branchMagicCookie + this.#random.hex(12);
    const protocol = remote.transport.toUpperCase();
    const value = `SIP/2.0/${protocol} ${this.#transport.sentBy(remote)};rport;branch=${branch}`;
    request.headers.unshift({ name: 'Via', value });
    return branch;
  }
}

/** RFC 3261 17.2.3: branch, sent-by and method; for older peers what identified a transaction before. */
function serverKey(request: SipRequest, via: Via, method: string): string {
  const branch = via.parameters.get('branch') ?? '';
  if (branch.startsWith(branchMagicCookie) && branch.length > branchMagicCookie.length)
    return `${branch}|${via.host}:${via.port ?? 5060}|${method}`;
  const callId = getHeader(request, 'Call-ID') ?? '';
  const sender = `${via.host}:${via.port ?? 5060}|${branch}`;
  return `2543|${callId}|${getCSeq(request).number}|${tagOf(request, 'From') ?? ''}|${sender}|${method}`;
}

function mergedKey(request: SipRequest): string {
  const { number, method } = getCSeq(request);
  return `${getHeader(request, 'Call-ID') ?? ''}|${number}|${method}|${tagOf(request, 'From') ?? ''}`;
}

/** RFC 3261 9.1: all of it copied from the INVITE, so that it takes the same way and matches. */
function createCancel(invite: SipRequest): SipRequest {
  const headers = [...getHeaders(invite, 'Via').slice(0, 1), { name: 'Max-Forwards', value: '70' }];
  for (const name of ['Route', 'From', 'To', 'Call-ID']) headers.push(...getHeaders(invite, name));
  headers.push({ name: 'CSeq', value: `${getCSeq(invite).number} CANCEL` });
  return { kind: 'request', method: 'CANCEL', uri: invite.uri, headers, body: Buffer.alloc(0) };
}

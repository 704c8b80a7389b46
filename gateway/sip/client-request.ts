import type { SipCore } from './core.js';
import { answerChallenge, findChallenge, type SipCredentials } from './digest.js';
import { SipError } from './errors.js';
import type { SipRequest, SipResponse } from './message.js';
import type { ClientTransaction } from './transaction-layer.js';
import type { SipRemote } from './user-agent-api.js';

type HeaderPair = readonly [name: string, value: string];

export interface ClientRequestListener {
  onProvisional?(response: SipResponse): void;
  /** A final response; of an INVITE every 2xx, repeated and forked ones included. */
  onFinal(response: SipResponse): void;
  /** There is none: time-out, transport, overload. */
  onFailed(error: SipError): void;
}

/** A 401 is answered once, and once more when the server says that only the nonce was too old. */
const maximumAttempts = 3;

/** One request of ours as the sessions see it: authentication (RFC 3261 22.2, 22.3) is done within. */
export class ClientRequest {
  readonly #core: SipCore;
  readonly #remote: SipRemote;
  readonly #credentials: SipCredentials | null;
  readonly #build: (headers: readonly HeaderPair[]) => SipRequest;
  readonly #listener: ClientRequestListener;
  #transaction: ClientTransaction | null = null;
  #attempts = 0;
  #cancelled = false;

  /** `build` is called for every attempt and takes the next CSeq each time (RFC 3261 22.2). */
  constructor(
    core: SipCore,
    remote: SipRemote,
    credentials: SipCredentials | null,
    build: (headers: readonly HeaderPair[]) => SipRequest,
    listener: ClientRequestListener,
  ) {
    this.#core = core;
    this.#remote = remote;
    this.#credentials = credentials;
    this.#build = build;
    this.#listener = listener;
  }

  start(): void {
    this.#send([]);
  }

  /** The request of the last attempt. */
  get request(): SipRequest | null {
    return this.#transaction?.request ?? null;
  }

  /** Sends CANCEL; call only after a provisional response (RFC 3261 9.1). */
  cancel(): void {
    this.#cancelled = true;
    if (this.#transaction) this.#core.transactions.cancel(this.#transaction, this.#remote);
  }

  /** Lets the transaction go; nothing is reported any more. */
  abandon(): void {
    this.#cancelled = true;
    this.#transaction?.terminate();
  }

  #send(headers: readonly HeaderPair[]): void {
    this.#attempts++;
    const request = this.#build([...headers, ['User-Agent', this.#core.userAgentName]]);
    this.#transaction = this.#core.transactions.request(request, this.#remote, {
      onResponse: (response) => this.#receive(request, response),
      onTimeout: () => this.#listener.onFailed(new SipError('timeout', `No response to ${request.method}`)),
      onTransportError: (error) => this.#listener.onFailed(error),
    });
    if (!this.#transaction) this.#listener.onFailed(new SipError('overload', 'Too many SIP transactions'));
  }

  #receive(request: SipRequest, response: SipResponse): void {
    if (response.status < 200) {
      // 100 is the next hop's alone and says nothing to a user (RFC 3261 8.2.6.1), but allows CANCEL.
      this.#listener.onProvisional?.(response);
      return;
    }
    const authorization = this.#authorize(request, response);
    if (authorization) this.#send([authorization]);
    else this.#listener.onFinal(response);
  }

  #authorize(request: SipRequest, response: SipResponse): HeaderPair | null {
    if ((response.status !== 401 && response.status !== 407) || !this.#credentials || this.#cancelled)
      return null;
    const found = findChallenge(response, this.#credentials);
    if (!found || this.#attempts >= (found.challenge.stale ? maximumAttempts : maximumAttempts - 1))
      return null;
    const { method, uri } = request;
    const cnonce = this.#core.random.hex(8);
    const parts = { method, uri, cnonce, nonceCount: 1 };
    return [found.answerHeader, answerChallenge(found.challenge, this.#credentials, parts)];
  }
}

import { createHash } from 'node:crypto';
import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import { capabilityHeaders } from './core.js';
import type { SipParseError } from './errors.js';
import { getHeader } from './header-fields.js';
import type { SipRequest, SipResponse } from './message.js';
import { refuseRequest } from './request-checks.js';
import { createResponse } from './response.js';
import { dialogIdOf } from './sip-dialog.js';
import type { SipRemote } from './user-agent-api.js';
import { topVia } from './via.js';

export interface FrontDeskParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keeps tags from being guessed. */
  readonly secret: string;
  readonly logsPerMinute: number;
  readonly isAllowed: (address: string) => boolean;
  readonly hasDialog: (id: string) => boolean;
  readonly contact: (remote: SipRemote) => string;
  /** The SDP body of the answer to OPTIONS, or null for 503. */
  readonly options: (request: SipRequest) => string | null;
}

/**
 * Answers all that needs no memory, so that scanners and strangers can fill no table (RFC 3261 8.2.7).
 *
 * An answer is the same for every copy of a request, its To tag included. Counts and, within bounds, logs what is bad.
 */
export class FrontDesk {
  readonly #parts: FrontDeskParts;
  #parseErrors = 0;
  #forbidden = 0;
  #logMinute = -1;
  #logsThisMinute = 0;

  constructor(parts: FrontDeskParts) {
    this.#parts = parts;
  }

  get parseErrors(): number {
    return this.#parseErrors;
  }

  /** Requests from outside the allowed addresses. */
  get forbidden(): number {
    return this.#forbidden;
  }

  /** What to answer to something malformed, or null for silence. */
  answerBroken(error: SipParseError, remote: SipRemote): SipResponse | null {
    this.#parseErrors++;
    this.#log('malformed SIP message', remote, error.code);
    const { request, status, detail } = error;
    if (!request || !this.#parts.isAllowed(remote.address)) return null;
    const toTag = this.#tagFor(request);
    return createResponse(request, status, status === 400 ? { toTag, reason: detail } : { toTag });
  }

  /** Whether requests from there are served; if not, it is counted. */
  admits(request: SipRequest, remote: SipRemote): boolean {
    if (this.#parts.isAllowed(remote.address)) return true;
    this.#forbidden++;
    this.#log('SIP request from an address that is not allowed', remote, request.method);
    return false;
  }

  /** 403 for a request that is not admitted, null for an ACK, which nobody answers. */
  answerForbidden(request: SipRequest): SipResponse | null {
    return request.method === 'ACK' ? null : createResponse(request, 403, { toTag: this.#tagFor(request) });
  }

  /** The answer to a request that can be had without a transaction; null where the user agent has to act. */
  answer(request: SipRequest, remote: SipRemote): SipResponse | null {
    const toTag = this.#tagFor(request);
    const refusal = refuseRequest(request, toTag);
    if (refusal) return refusal;
    const id = dialogIdOf(request);
    if (id !== null) return this.#parts.hasDialog(id) ? null : createResponse(request, 481);
    if (request.method === 'INVITE') return null;
    if (request.method === 'OPTIONS') return this.#answerOptions(request, remote, toTag);
    // BYE, UPDATE, INFO and NOTIFY mean nothing outside a dialog (RFC 3261 15.1.2, RFC 3311 5.2).
    return createResponse(request, 481, { toTag });
  }

  #answerOptions(request: SipRequest, remote: SipRemote, toTag: string): SipResponse {
    const sdp = this.#parts.options(request);
    if (sdp === null) return createResponse(request, 503, { toTag });
    const contact = ['Contact', this.#parts.contact(remote)] as const;
    const headers = [contact, ...capabilityHeaders, ['Accept', 'application/sdp'] as const];
    return createResponse(request, 200, { toTag, headers, sdp });
  }

  #tagFor(request: SipRequest): string {
    const hash = createHash('sha256').update(this.#parts.secret);
    hash.update(`|${topVia(request)?.parameters.get('branch') ?? ''}`);
    for (const name of ['Call-ID', 'CSeq', 'From']) hash.update(`|${getHeader(request, name) ?? ''}`);
    return hash.digest('hex').slice(0, 16);
  }

  #log(message: string, remote: SipRemote, what: string): void {
    const minute = Math.floor(this.#parts.clock.nowMs() / 60_000);
    if (minute !== this.#logMinute) this.#logsThisMinute = 0;
    this.#logMinute = minute;
    this.#logsThisMinute++;
    if (this.#logsThisMinute > this.#parts.logsPerMinute) return;
    this.#parts.logger.debug(message, { address: remote.address, transport: remote.transport, what });
  }
}

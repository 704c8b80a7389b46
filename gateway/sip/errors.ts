import type { SipRequest } from './message.js';

/** What the parser refuses, one code per rule. */
export type SipParseErrorCode =
  | 'start-line'
  | 'start-line-too-long'
  | 'version'
  | 'header-syntax'
  | 'header-too-long'
  | 'too-many-headers'
  | 'head-incomplete'
  | 'header-missing'
  | 'header-repeated'
  | 'header-value'
  | 'method-mismatch'
  | 'content-length-missing'
  | 'content-length'
  | 'body-incomplete'
  | 'body-too-long'
  | 'message-too-long';

/**
 * A message that could not be used.
 *
 * `request` is what was understood of a request when that is enough to answer it with `status`; null otherwise
 * (responses, and bytes that are not SIP at all, are never answered: RFC 3261 18.1.2 and 8.1.3.3).
 */
export interface SipParseError {
  readonly code: SipParseErrorCode;
  readonly detail: string;
  readonly status: 400 | 413 | 414 | 505 | 513;
  readonly request: SipRequest | null;
}

export type SipErrorCode =
  | 'rejected'
  | 'timeout'
  | 'transport'
  | 'ended'
  | 'request-pending'
  | 'bad-target'
  | 'no-transport'
  | 'overload'
  | 'closed';

/** A SIP operation that failed; `status` is the peer's final response where there was one. */
export class SipError extends Error {
  override readonly name = 'SipError';

  constructor(
    readonly code: SipErrorCode,
    message: string,
    readonly status: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the same operation may work a little later. */
  get retryable(): boolean {
    return this.code === 'request-pending' || this.code === 'overload' || this.code === 'timeout';
  }
}

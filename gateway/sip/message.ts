/** One header field: the name as canonically spelled ("Via", "Call-ID"; compact forms expanded), the value unfolded and trimmed. */
export interface SipHeader {
  readonly name: string;
  readonly value: string;
}

interface SipMessageCommon {
  /** In the order of the wire; several fields of one name stay several. */
  readonly headers: SipHeader[];
  readonly body: Buffer;
}

/** RFC 3261 7.1. */
export interface SipRequest extends SipMessageCommon {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
}

/** RFC 3261 7.2. */
export interface SipResponse extends SipMessageCommon {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipResponse;

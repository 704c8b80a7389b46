/** One header field as it came or will go; `name` keeps the sender's case, comparisons ignore it (RFC 6787 5.1). */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** Request-state of responses and events (RFC 6787 5.3). */
export type RequestState = 'COMPLETE' | 'IN-PROGRESS' | 'PENDING';

interface MessageParts {
  /** `2.0` for MRCPv2; anything else is answered 502. */
  readonly version: string;
  /** 0 to 4294967295; unique and rising within an MRCP session (RFC 6787 5.2). */
  readonly requestId: number;
  readonly headers: readonly HeaderField[];
  /** Octets, owned by the message (never a view of the receive buffer). */
  readonly body: Buffer;
}

/** `MRCP/2.0 length METHOD request-id` (RFC 6787 5.2). */
export interface MrcpRequest extends MessageParts {
  readonly kind: 'request';
  readonly method: string;
}

/** `MRCP/2.0 length request-id status request-state` (RFC 6787 5.3). */
export interface MrcpResponse extends MessageParts {
  readonly kind: 'response';
  readonly statusCode: number;
  readonly requestState: RequestState;
}

/** `MRCP/2.0 length EVENT request-id request-state` (RFC 6787 5.5). */
export interface MrcpEvent extends MessageParts {
  readonly kind: 'event';
  readonly eventName: string;
  readonly requestState: RequestState;
}

export type MrcpMessage = MrcpRequest | MrcpResponse | MrcpEvent;

export const emptyBody = Buffer.alloc(0);

/** The largest request-id: an unsigned 32-bit integer (RFC 6787 5.2). */
export const maxRequestId = 4_294_967_295;

/** The value of the first field called `name` (any case), or null. */
export function headerValue(headers: readonly HeaderField[], name: string): string | null {
  const wanted = name.toLowerCase();
  for (const field of headers) {
    if (field.name.toLowerCase() === wanted) return field.value;
  }
  return null;
}

/** A media type without its parameters, lower-cased: `Text/Plain; charset=utf-8` gives `text/plain`. */
export function mediaType(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

import type { HeaderField, MrcpRequest, RequestState } from './message.js';
import type { FieldsVerdict, SessionParams } from './params.js';
import { status } from './status.js';
import type { StatusCode } from './status.js';
import type { FieldTable } from './header-fields.js';

/** The resources this server has (RFC 6787 3.1). */
export type ResourceName = 'speechsynth' | 'speechrecog';

/** A response; `afterwards` runs once it was handed to the connection, so that work never delays an answer. */
export interface Reply {
  readonly status: StatusCode;
  readonly state: RequestState;
  readonly headers: readonly HeaderField[];
  readonly body?: Buffer;
  readonly afterwards?: () => void;
}

/** An event for the client; the channel adds Channel-Identifier. */
export interface OutgoingEvent {
  readonly name: string;
  readonly requestId: number;
  readonly state: RequestState;
  readonly headers: readonly HeaderField[];
  readonly body?: Buffer;
}

export interface EventSink {
  sendEvent(event: OutgoingEvent): void;
}

/**
 * The state machine behind one channel: requests in, replies and events out, a backend behind it.
 *
 * The channel has checked request-id and header values, and answers SET-PARAMS and GET-PARAMS itself.
 */
export interface MrcpResource {
  readonly name: ResourceName;
  readonly fields: FieldTable;
  readonly params: SessionParams;
  /** Methods RFC 6787 gives this resource and this server performs (others are answered 401). */
  readonly methods: ReadonlySet<string>;
  /** Methods RFC 6787 gives this resource and this server does not perform (answered 501). */
  readonly unimplemented: ReadonlySet<string>;
  handle(request: MrcpRequest): Reply;
  /** Stops all work and closes the backend; no event follows. */
  close(): void;
}

/** `200 COMPLETE`. */
export function complete(headers: readonly HeaderField[] = [], body?: Buffer): Reply {
  return { status: status.success, state: 'COMPLETE', headers, ...(body && { body }) };
}

/** A failure: always COMPLETE (RFC 6787 5.3). */
export function failure(code: StatusCode, headers: readonly HeaderField[] = []): Reply {
  return { status: code, state: 'COMPLETE', headers };
}

/** A verdict on header fields as a response. */
export function verdictReply(verdict: FieldsVerdict): Reply {
  return { status: verdict.status, state: 'COMPLETE', headers: verdict.headers };
}

/** `Active-Request-Id-List` for the ids a method touched; none when it touched none (RFC 6787 6.2.3). */
export function requestIdListFields(ids: readonly number[]): HeaderField[] {
  return ids.length > 0 ? [{ name: 'Active-Request-Id-List', value: ids.join(',') }] : [];
}

/** The ids a request's Active-Request-Id-List selects, or null when it selects all (RFC 6787 6.2.3). */
export function selectedRequestIds(value: string | null): ReadonlySet<number> | null {
  return value === null ? null : new Set(value.split(',').map((id) => Number(id.trim())));
}

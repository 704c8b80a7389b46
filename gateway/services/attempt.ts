import type { CallFailure, CallOperation, CallOutcome } from '../../dialog/action.js';
import type { ValueMap } from '../../dialog/value.js';

/** A call as every attempt makes it. */
export interface CallRequest {
  readonly operation: CallOperation;
  readonly input: ValueMap;
  /** Visible ASCII. */
  readonly idempotencyKey: string;
}

/** How one attempt ended. */
export interface Attempt {
  readonly outcome: CallOutcome;
  /** Another attempt may fare better. */
  readonly retryable: boolean;
  /** The service asks to be left alone for so long. */
  readonly retryAfterMs: number | null;
  /** What it says about the service itself; null where the service was not asked. */
  readonly healthy: boolean | null;
}

/** One back-office system over one protocol. */
export interface ServiceClient {
  /**
   * Asks once. Never rejects, and settles soon after `signal` aborts, which means that the attempt's time is over or
   * that nobody wants the answer.
   */
  attempt(request: CallRequest, signal: AbortSignal): Promise<Attempt>;
  /** Ends all connections, requests under way included. Idempotent. */
  close(): void;
}

export function answered(value: Extract<CallOutcome, { ok: true }>['value']): Attempt {
  return { outcome: { ok: true, value }, retryable: false, retryAfterMs: null, healthy: true };
}

/** Our own rules forbid it, whoever is asked. */
export function refused(message: string): Attempt {
  return failed('refused', message, { healthy: null });
}

export function failed(
  failure: CallFailure,
  message: string,
  more: {
    readonly status?: number;
    readonly retryable?: boolean;
    readonly retryAfterMs?: number | null;
    readonly healthy?: boolean | null;
  } = {},
): Attempt {
  const status = more.status === undefined ? {} : { status: more.status };
  return {
    outcome: { ok: false, failure, message, ...status },
    retryable: more.retryable ?? false,
    retryAfterMs: more.retryAfterMs ?? null,
    healthy: more.healthy === undefined ? false : more.healthy,
  };
}

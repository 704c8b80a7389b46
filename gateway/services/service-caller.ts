import type { CallOutcome, CallSpec } from '../../dialog/action.js';

/** Who calls. */
export interface CallContext {
  readonly sessionId: string;
  /** Put before the call's idempotency key: no other conversation has the same. */
  readonly scope: string;
}

/** Asks a back-office system for a conversation; implemented by `Services`, and by scripts in tests of trees. */
export interface ServiceCaller {
  /** Never rejects. `signal` aborts the request when the conversation is gone; the outcome is then of no interest. */
  call(spec: CallSpec, context: CallContext, signal: AbortSignal): Promise<CallOutcome>;
}

/** The outcome of a call to a service that the configuration does not have. */
export function unknownService(name: string): CallOutcome {
  return {
    ok: false,
    failure: 'unknown-service',
    message: `there is no service "${name}"; add it under services of the configuration`,
  };
}

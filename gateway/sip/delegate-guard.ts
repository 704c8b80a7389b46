import type { Logger } from '../../config/logger.js';
import type { SipError } from './errors.js';
import type { SipResponse } from './message.js';
import type { OutgoingCallDelegate, SipSessionDelegate } from './user-agent-api.js';

/** Calls `action`; what it throws is logged and goes no further, so that a fault costs its own call alone. */
export function guarded(logger: Logger, what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    logger.error('SIP call-back failed', { what, err: error });
  }
}

/** A delegate whose throwing methods cannot unwind the stack below; `onReinvite` is guarded where it is asked. */
export function guardSession(delegate: SipSessionDelegate, logger: Logger): SipSessionDelegate {
  return {
    onConfirmed: (sdp) => guarded(logger, 'onConfirmed', () => delegate.onConfirmed(sdp)),
    onReinvite: (offer) => delegate.onReinvite(offer),
    onEnded: (reason) => guarded(logger, 'onEnded', () => delegate.onEnded(reason)),
  };
}

/** The same for an outgoing call. */
export function guardCall(delegate: OutgoingCallDelegate, logger: Logger): OutgoingCallDelegate {
  return {
    ...guardSession(delegate, logger),
    onProvisional: (response: SipResponse) =>
      guarded(logger, 'onProvisional', () => delegate.onProvisional(response)),
    onAnswered: (sdp: string) => guarded(logger, 'onAnswered', () => delegate.onAnswered(sdp)),
    onRejected: (response: SipResponse | null, cause: SipError | null) =>
      guarded(logger, 'onRejected', () => delegate.onRejected(response, cause)),
  };
}

import type { SipError } from './errors.js';
import type { SipRequest, SipResponse } from './message.js';

/** Where a message came from or goes to. */
export interface SipRemote {
  readonly transport: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
}

/** Why a SIP session ended: theirs (BYE), ours, or a failure (RFC 3261 15, RFC 4028 10). */
export type SipSessionEnd = 'remote-bye' | 'local-bye' | 'session-timer' | 'no-ack' | 'transport' | 'timeout';

/** What the owner of a confirmed SIP session is told. */
export interface SipSessionDelegate {
  /**
   * The 2xx was acknowledged (incoming) or sent its ACK (outgoing); `sdp` is the ACK's body of a delayed offer, else null.
   * Called again with the answer when `onReinvite(null)` was answered with an offer.
   */
  onConfirmed(sdp: string | null): void;
  /** A re-INVITE or UPDATE; `offer` is null when it carries none (then answer with a fresh offer). Answer within 5 s. */
  onReinvite(offer: string | null): ReinviteAnswer;
  /** Exactly once; nothing follows. */
  onEnded(reason: SipSessionEnd): void;
}

export type ReinviteAnswer =
  | { readonly accept: true; readonly sdp: string }
  | { readonly accept: false; readonly status: number; readonly reason?: string }
  | Promise<ReinviteAnswer>;

/** A confirmed or early SIP session (an INVITE dialog with its session timer). */
export interface SipSession {
  readonly callId: string;
  readonly localUri: string;
  readonly remoteUri: string;
  readonly remote: SipRemote;
  /** Sends BYE (or CANCEL for an outgoing call not yet answered); idempotent. */
  end(): void;
  /** Sends a re-INVITE with `sdp`; resolves with the answer's body, rejects with SipError on a failure response. */
  reinvite(sdp: string): Promise<string>;
  /**
   * Sends REFER (RFC 3515) for a blind transfer; resolves when the far end reports that the target answered, hangs up,
   * or accepts and does not report. Rejects with SipError when it refuses or the target does not answer.
   */
  refer(target: string): Promise<void>;
}

/** An INVITE that waits for our decision. Exactly one of `accept` and `reject` has an effect; the rest are no-ops. */
export interface Invitation {
  readonly request: SipRequest;
  readonly remote: SipRemote;
  readonly callId: string;
  /** The offer, or null for a delayed offer. */
  readonly offer: string | null;
  /** 180 without a body. */
  ringing(): void;
  /** 200 with `sdp`, retransmitted until ACK (RFC 3261 13.3.1.4). */
  accept(sdp: string, delegate: SipSessionDelegate): SipSession;
  reject(status: number, reason?: string, headers?: readonly (readonly [string, string])[]): void;
  /** The caller sent CANCEL or went away before we decided; we have answered 487 already. */
  onCancelled: (() => void) | null;
}

/** What the application above the SIP user agent decides. */
export interface UserAgentDelegate {
  onInvite(invitation: Invitation): void;
  /** SDP body of the 200 to OPTIONS (RFC 3261 11, RFC 6787 7), or null to answer 503. */
  onOptions(request: SipRequest): string | null;
}

export interface OutgoingCallDelegate extends SipSessionDelegate {
  onProvisional(response: SipResponse): void;
  /** 2xx arrived and was acknowledged. */
  onAnswered(sdp: string): void;
  /** Final failure; `response` is null on a time-out, a transport error or an unknown host, which `cause` then tells. */
  onRejected(response: SipResponse | null, cause: SipError | null): void;
}

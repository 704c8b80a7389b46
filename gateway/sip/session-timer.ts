import type { Clock, Timer } from '../../config/clock.js';
import { getHeader, getTokens, parseInteger, parseParameters } from './header-fields.js';
import type { SipRequest, SipResponse } from './message.js';

/** Session timer policy (RFC 4028), in seconds. */
export interface SessionTimerOptions {
  /** The interval we propose and the longest we accept; at least `minSeSeconds`. */
  readonly sessionExpiresSeconds: number;
  /** The shortest we accept; at least 90 (RFC 4028 5). */
  readonly minSeSeconds: number;
}

/** The interval UniMRCP's server answers, and the RFC's own minimum. */
export const defaultSessionTimer: SessionTimerOptions = { sessionExpiresSeconds: 600, minSeSeconds: 90 };

/** What both sides agreed on. */
export interface SessionTimerTerms {
  readonly intervalSeconds: number;
  /** Who sends the refreshes. */
  readonly refresher: 'local' | 'remote';
}

type HeaderPair = readonly [name: string, value: string];

export type TimerNegotiation =
  | { readonly kind: 'too-small'; readonly headers: readonly HeaderPair[] }
  | {
      readonly kind: 'agreed';
      readonly terms: SessionTimerTerms | null;
      readonly headers: readonly HeaderPair[];
    };

interface SessionExpires {
  readonly seconds: number;
  readonly refresher: 'uac' | 'uas' | null;
}

function parseSessionExpires(message: SipRequest | SipResponse): SessionExpires | null {
  const [value = '', ...rest] = (getHeader(message, 'Session-Expires') ?? '').split(';');
  const seconds = parseInteger(value.trim());
  if (seconds === null || seconds === 0) return null;
  const refresher = parseParameters(rest.join(';'))?.get('refresher')?.toLowerCase();
  return { seconds, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : null };
}

function minSe(message: SipRequest | SipResponse): number {
  return parseInteger((getHeader(message, 'Min-SE') ?? '').split(';', 1)[0]?.trim() ?? '') ?? 0;
}

/** The UAS's side (RFC 4028 9): what to answer to an INVITE, re-INVITE or UPDATE. */
export function negotiateAsServer(request: SipRequest, options: SessionTimerOptions): TimerNegotiation {
  const knowsTimer =
    getTokens(request, 'Supported').has('timer') || getTokens(request, 'Require').has('timer');
  const asked = parseSessionExpires(request);
  if (!asked && !knowsTimer) return { kind: 'agreed', terms: null, headers: [] };
  // 422 only to who understands it (RFC 4028 9).
  if (asked && knowsTimer && asked.seconds < options.minSeSeconds)
    return { kind: 'too-small', headers: [['Min-SE', String(options.minSeSeconds)]] };
  // We may shorten what was asked, but not below the caller's own Min-SE, and must not lengthen it.
  const wished = asked
    ? Math.min(asked.seconds, options.sessionExpiresSeconds)
    : options.sessionExpiresSeconds;
  const intervalSeconds = Math.max(wished, minSe(request));
  // The caller's choice stands; a proxy may have asked on behalf of a caller that cannot refresh (RFC 4028 9, table 2).
  const refresher = knowsTimer ? (asked?.refresher ?? 'uac') : 'uas';
  const headers: HeaderPair[] = [['Session-Expires', `${intervalSeconds};refresher=${refresher}`]];
  if (knowsTimer) headers.push(['Require', 'timer']);
  const terms = { intervalSeconds, refresher: refresher === 'uac' ? 'remote' : 'local' } as const;
  return { kind: 'agreed', terms, headers };
}

/** What a request of ours proposes (RFC 4028 7.1); `refresher` is set in a refresh so that the roles stay (7.4). */
export function timerProposal(
  intervalSeconds: number,
  minSeSeconds: number,
  refresher: 'uac' | 'uas' | null = null,
): readonly HeaderPair[] {
  const parameter = refresher === null ? '' : `;refresher=${refresher}`;
  return [
    ['Session-Expires', `${intervalSeconds}${parameter}`],
    ['Min-SE', String(minSeSeconds)],
  ];
}

/** What the 2xx to our request made of the proposal (RFC 4028 7.2): no Session-Expires, no timer. */
export function termsFromResponse(response: SipResponse): SessionTimerTerms | null {
  const answered = parseSessionExpires(response);
  if (!answered) return null;
  return { intervalSeconds: answered.seconds, refresher: answered.refresher === 'uas' ? 'remote' : 'local' };
}

/** The interval to try after a 422 (RFC 4028 7.3), or null where it names none. */
export function intervalFromRefusal(response: SipResponse): number | null {
  return minSe(response) || null;
}

/** What the owner of a session does when its timer says so. */
export interface SessionTimerListener {
  /** Half the interval is over and we are the refresher (RFC 4028 7.2). */
  onRefreshDue(): void;
  /** No refresh came in time (RFC 4028 10): send BYE. */
  onExpired(): void;
}

/** Runs the terms of one session; every refresh calls `arm` again. */
export class SessionTimer {
  readonly #clock: Clock;
  readonly #listener: SessionTimerListener;
  #refresh: Timer | null = null;
  #expiry: Timer | null = null;
  #terms: SessionTimerTerms | null = null;

  constructor(clock: Clock, listener: SessionTimerListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The terms in force, or null without a session timer. */
  get terms(): SessionTimerTerms | null {
    return this.#terms;
  }

  /** Starts over under `terms`; null switches the timer off. */
  arm(terms: SessionTimerTerms | null): void {
    this.stop();
    this.#terms = terms;
    if (!terms) return;
    const { intervalSeconds: seconds, refresher } = terms;
    // RFC 4028 10: the BYE goes out a little before the end, by a third of the interval but at most 32 s.
    const expirySeconds = seconds - Math.min(32, seconds / 3);
    this.#expiry = this.#clock.setTimer(() => this.#listener.onExpired(), expirySeconds * 1_000);
    if (refresher === 'local') this.#refresh = this.#startRefresh((seconds / 2) * 1_000);
  }

  /** Tries the refresh again after `delayMs`; the expiry stays where it is. */
  retryRefresh(delayMs: number): void {
    this.#refresh?.cancel();
    this.#refresh = this.#startRefresh(delayMs);
  }

  stop(): void {
    this.#refresh?.cancel();
    this.#expiry?.cancel();
    this.#refresh = null;
    this.#expiry = null;
  }

  #startRefresh(delayMs: number): Timer {
    return this.#clock.setTimer(() => this.#listener.onRefreshDue(), delayMs);
  }
}

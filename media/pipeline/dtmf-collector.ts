import { mediaLimits } from '../../config/limits.js';
import type { DtmfRequest } from '../worker/media-host.js';
import { matchGrammar } from '../speech/grammar/match.js';

/** How the collection of one digit string ended. */
export type DtmfDecision = 'match' | 'no-match';

/**
 * Collects digits against DTMF grammars with the timers of RFC 6787 9.4.17 to 9.4.19.
 *
 * Pure: digits and times go in, decisions come out. A string that no grammar can match any more ends at once; one that
 * matches and cannot grow ends at once too, or after the term timeout when a terminating character may follow.
 */
export class DtmfCollector {
  readonly #request: DtmfRequest;
  #digits = '';
  #deadlineMs = Infinity;
  #matchesNow = false;

  constructor(request: DtmfRequest) {
    this.#request = request;
  }

  /** Digits so far, without the terminating character. */
  get digits(): string {
    return this.#digits;
  }

  /** Takes a digit pressed at `nowMs`; null when more may follow. */
  digit(digit: string, nowMs: number): DtmfDecision | null {
    if (digit === this.#request.termChar && this.#digits.length > 0) return this.#decide();
    if (digit === this.#request.termChar && !this.#isDigitOfGrammar(digit)) return 'no-match';
    this.#digits += digit;
    const { matched, canExtend } = this.#compare(this.#digits);
    this.#matchesNow = matched;
    if (!matched && !canExtend) return 'no-match';
    if (this.#digits.length >= mediaLimits.dtmfDigits) return this.#decide();
    if (matched && !canExtend) return this.#afterFullMatch(nowMs);
    this.#deadlineMs = nowMs + this.#request.interdigitTimeoutMs;
    return null;
  }

  /** Tells the time: gives the decision when a timer ran out by `nowMs`. */
  poll(nowMs: number): DtmfDecision | null {
    return nowMs >= this.#deadlineMs ? this.#decide() : null;
  }

  #afterFullMatch(nowMs: number): DtmfDecision | null {
    const { termChar, termTimeoutMs } = this.#request;
    if (termChar === '' || termTimeoutMs === 0) return 'match';
    this.#deadlineMs = nowMs + termTimeoutMs;
    return null;
  }

  #decide(): DtmfDecision {
    return this.#matchesNow ? 'match' : 'no-match';
  }

  /** A grammar may want the terminating character as its first digit (a lone `#`). */
  #isDigitOfGrammar(digit: string): boolean {
    const { matched, canExtend } = this.#compare(digit);
    return matched || canExtend;
  }

  #compare(digits: string): { matched: boolean; canExtend: boolean } {
    let matched = false;
    let canExtend = false;
    for (const grammar of this.#request.grammars) {
      const result = matchGrammar(grammar, [...digits]);
      if (result.outcome === 'match') matched = true;
      if (result.outcome !== 'no-match' && result.canExtend) canExtend = true;
    }
    return { matched, canExtend };
  }
}

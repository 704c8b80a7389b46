import type { Clock } from '../../config/clock.js';

export type CircuitState = 'closed' | 'open' | 'half-open';

/** How an admitted attempt ended; `none` says nothing about the service (the caller went away). */
export type CircuitEnd = 'success' | 'failure' | 'none';

/**
 * Leaves a service alone that keeps failing, so that callers hear so at once and it can recover.
 *
 *     closed --failures in a row--> open --openMs--> half-open --one success--> closed
 *                                    ^                  |
 *                                    +----one failure---+
 *
 * Half-open admits one attempt at a time. What attempts of an earlier state bring in later changes nothing.
 */
export class Circuit {
  readonly #failuresToOpen: number;
  readonly #openMs: number;
  readonly #clock: Clock;
  #state: CircuitState = 'closed';
  /** Which stay in a state this is; attempts carry it as their ticket. */
  #epoch = 0;
  #failures = 0;
  #openUntilMs = 0;
  #trying = false;

  constructor(settings: { readonly failures: number; readonly openMs: number }, clock: Clock) {
    this.#failuresToOpen = settings.failures;
    this.#openMs = settings.openMs;
    this.#clock = clock;
  }

  get state(): CircuitState {
    if (this.#state === 'open' && this.#clock.nowMs() >= this.#openUntilMs) this.#enter('half-open');
    return this.#state;
  }

  /** True where `admit` would refuse now. */
  get refuses(): boolean {
    return this.state === 'open' || (this.#state === 'half-open' && this.#trying);
  }

  /** A ticket for one attempt, which must `end`; null while the circuit refuses. */
  admit(): number | null {
    if (this.refuses) return null;
    this.#trying = this.#state === 'half-open';
    return this.#epoch;
  }

  end(ticket: number, end: CircuitEnd): void {
    if (ticket !== this.#epoch) return;
    this.#trying = false;
    if (end === 'none') return;
    if (end === 'success') {
      this.#failures = 0;
      if (this.#state === 'half-open') this.#enter('closed');
      return;
    }
    this.#failures++;
    if (this.#state === 'half-open' || this.#failures >= this.#failuresToOpen) {
      this.#openUntilMs = this.#clock.nowMs() + this.#openMs;
      this.#enter('open');
    }
  }

  #enter(state: CircuitState): void {
    this.#state = state;
    this.#epoch++;
    this.#failures = 0;
    this.#trying = false;
  }
}

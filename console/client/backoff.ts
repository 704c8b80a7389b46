import { clientLimits } from './limits.js';

/** Full jitter: anything from 0 to a bound that doubles from 0.5 s to 30 s, so that clients do not come back together. */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  nextDelayMs(): number {
    const bound = Math.min(clientLimits.backoffCapMs, clientLimits.backoffBaseMs * 2 ** this.#failures);
    if (bound < clientLimits.backoffCapMs) this.#failures++;
    return Math.floor(this.#random() * bound);
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** A synthesis as the queue sees it. */
export interface QueuedFlight {
  readonly engineName: string;
  /** Somebody is on the line for it; false for warming. */
  readonly urgent: boolean;
  start(): void;
}

/**
 * How many syntheses one engine gets at the same time, and who is next.
 *
 * Each engine has its own places, so that a slow vendor holds up nobody else's prompts; callers go before warming,
 * and first come, first served otherwise.
 */
export class FlightQueue<F extends QueuedFlight> {
  readonly #places: number;
  readonly #maxWaiting: number;
  readonly #running = new Map<string, Set<F>>();
  readonly #waiting = new Set<F>();

  constructor(placesPerEngine: number, maxWaiting: number) {
    this.#places = placesPerEngine;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Starts the flight, or lets it wait; false when there is no room to wait either. */
  admit(flight: F): boolean {
    const running = this.#running.get(flight.engineName);
    if (!running || running.size < this.#places) {
      this.#start(flight);
      return true;
    }
    if (this.#waiting.size >= this.#maxWaiting) return false;
    this.#waiting.add(flight);
    return true;
  }

  /** The flight ended or was given up, running or not; its place goes to the next one. Idempotent. */
  leave(flight: F): void {
    if (this.#waiting.delete(flight)) return;
    const running = this.#running.get(flight.engineName);
    if (!running?.delete(flight)) return;
    if (running.size === 0) this.#running.delete(flight.engineName);
    const next = this.#next(flight.engineName);
    if (!next) return;
    this.#waiting.delete(next);
    this.#start(next);
  }

  isWaiting(flight: F): boolean {
    return this.#waiting.has(flight);
  }

  #start(flight: F): void {
    const running = this.#running.get(flight.engineName);
    if (running) running.add(flight);
    else this.#running.set(flight.engineName, new Set([flight]));
    flight.start();
  }

  #next(engineName: string): F | null {
    let first: F | null = null;
    for (const flight of this.#waiting) {
      if (flight.engineName !== engineName) continue;
      if (flight.urgent) return flight;
      first ??= flight;
    }
    return first;
  }
}

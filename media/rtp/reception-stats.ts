/** How many packets back a duplicate is recognised. */
const duplicateWindow = 256;

/**
 * What RFC 3550 lets a receiver know of one source: expected, lost (A.3) and interarrival jitter (A.8).
 *
 * Takes extended sequence numbers; counts survive `restart`, which begins a new numbering.
 */
export class ReceptionStats {
  readonly #seen = new Float64Array(duplicateWindow).fill(-1);
  readonly #clockRateHz: number;
  #base = -1;
  #highest = -1;
  #unique = 0;
  #lostBefore = 0;
  #received = 0;
  #duplicates = 0;
  #transit = Number.NaN;
  #jitter = 0;
  #lastArrivalMs = 0;

  constructor(clockRateHz: number) {
    this.#clockRateHz = clockRateHz;
  }

  /** All packets that came, duplicates included. */
  get received(): number {
    return this.#received;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** Expected minus received, without duplicates; never below 0. */
  get lost(): number {
    return this.#lostBefore + this.#lostNow();
  }

  /** Smoothed deviation of the transit time, in milliseconds. */
  get jitterMs(): number {
    return (this.#jitter / this.#clockRateHz) * 1_000;
  }

  /** Counts a packet; returns false for a duplicate. `arrivalMs` is on any monotonic clock. */
  packet(extendedSequence: number, arrivalMs: number): boolean {
    this.#received++;
    const slot = extendedSequence % duplicateWindow;
    if (this.#seen[slot] === extendedSequence) {
      this.#duplicates++;
      return false;
    }
    this.#seen[slot] = extendedSequence;
    this.#unique++;
    if (this.#base < 0 || extendedSequence < this.#base) this.#base = extendedSequence;
    if (extendedSequence > this.#highest) this.#highest = extendedSequence;
    this.#lastArrivalMs = arrivalMs;
    return true;
  }

  /** Adds the timestamp of the packet just counted to the jitter; not for telephone-events, whose timestamp stands. */
  timestamp(timestamp: number): void {
    const arrival = Math.round((this.#lastArrivalMs * this.#clockRateHz) / 1_000);
    const transit = (arrival - timestamp) | 0;
    if (!Number.isNaN(this.#transit)) {
      const difference = Math.abs((transit - this.#transit) | 0);
      this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  /** The source began anew: keeps the counts, forgets numbering and transit. */
  restart(): void {
    this.#lostBefore += this.#lostNow();
    this.#base = -1;
    this.#highest = -1;
    this.#unique = 0;
    this.#transit = Number.NaN;
    this.#seen.fill(-1);
  }

  #lostNow(): number {
    if (this.#base < 0) return 0;
    return Math.max(0, this.#highest - this.#base + 1 - this.#unique);
  }
}

import { mediaLimits } from '../../config/limits.js';

interface TypedDigit {
  readonly digit: string;
  readonly atMs: number;
}

/** Digits that were pressed while nobody listened, for the next listen that wants them (RFC 6787 9.4.31). */
export class TypeAhead {
  readonly #digits: TypedDigit[] = [];

  get length(): number {
    return this.#digits.length;
  }

  /** Keeps a digit; beyond `dtmfDigits` the oldest is forgotten. */
  push(digit: string, atMs: number): void {
    this.#digits.push({ digit, atMs });
    if (this.#digits.length > mediaLimits.dtmfDigits) this.#digits.shift();
  }

  /** Forgets what was pressed before `sinceMs`. */
  forgetBefore(sinceMs: number): void {
    while ((this.#digits[0]?.atMs ?? Infinity) < sinceMs) this.#digits.shift();
  }

  /** Takes the oldest digit, or null. */
  shift(): string | null {
    return this.#digits.shift()?.digit ?? null;
  }
}

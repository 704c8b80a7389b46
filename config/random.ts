import { randomBytes, randomInt } from 'node:crypto';

/** Randomness that comes in through the constructor, so that tests can fix it. */
export interface Random {
  /** `bytes` of cryptographic randomness as lower-case hex (2 characters a byte). */
  hex(bytes: number): string;
  /** An integer in [0, below); `below` is 1 to 2^48 - 1. */
  integer(below: number): number;
}

/** The operating system's generator: identifiers made with it cannot be guessed (RFC 6787 6.2.1, RFC 3261 19.3). */
export const systemRandom: Random = {
  hex: (bytes) => randomBytes(bytes).toString('hex'),
  integer: (below) => randomInt(below),
};

/** A repeatable generator (mulberry32) for tests, fuzzing and benchmarks; never for identifiers on the wire. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A float in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  integer(below: number): number {
    return Math.floor(this.next() * below);
  }

  hex(bytes: number): string {
    let text = '';
    for (let i = 0; i < bytes; i++) text += this.integer(256).toString(16).padStart(2, '0');
    return text;
  }
}

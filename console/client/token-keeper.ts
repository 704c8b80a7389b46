import { clientLimits } from './limits.js';
import type { ClientClock, ClientTimer, Token, TokenNeed, TokenSource } from './ports.js';

export interface TokenKeeperListener {
  onToken(token: string): void;
  onFailed(error: unknown): void;
}

/** Asks for tokens one at a time, each with a deadline, and asks for the next before the one in use ends. */
export class TokenKeeper {
  readonly #source: TokenSource;
  readonly #clock: ClientClock;
  #request = 0;
  #deadline: ClientTimer | null = null;
  #renewal: ClientTimer | null = null;

  constructor(source: TokenSource, clock: ClientClock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Exactly one of the listener's methods is called, unless another `ask` or `stop` comes first. */
  ask(need: TokenNeed, listener: TokenKeeperListener): void {
    this.stop();
    const request = ++this.#request;
    const settle = (tell: () => void): void => {
      if (request !== this.#request) return;
      this.stop();
      tell();
    };
    this.#deadline = this.#clock.setTimer(
      () => settle(() => listener.onFailed(new Error('no token came in time'))),
      clientLimits.connectMs,
    );
    this.#get(need).then(
      ({ token }) => settle(() => listener.onToken(token)),
      (error: unknown) => settle(() => listener.onFailed(error)),
    );
  }

  /** The token in use ends at `expiresMs` (Unix time); `renew` is called before, never at once. */
  renewBefore(expiresMs: number, renew: () => void): void {
    const leftMs = expiresMs - this.#clock.epochMs() - clientLimits.renewBeforeMs;
    const delayMs = Math.min(Math.max(leftMs, clientLimits.renewAgainMs), clientLimits.timerMs);
    this.#renewal?.cancel();
    this.#renewal = this.#clock.setTimer(renew, delayMs);
  }

  stop(): void {
    this.#request++;
    this.#deadline?.cancel();
    this.#renewal?.cancel();
    this.#deadline = this.#renewal = null;
  }

  /** As a promise even where the source throws. */
  async #get(need: TokenNeed): Promise<Token> {
    return await this.#source.get(need);
  }
}

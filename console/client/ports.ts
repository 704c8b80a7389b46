/** A pending call-back; `cancel` is idempotent. */
export interface ClientTimer {
  cancel(): void;
}

/** `nowMs` is monotonic milliseconds, `epochMs` Unix time in milliseconds. */
export interface ClientClock {
  nowMs(): number;
  epochMs(): number;
  setTimer(callback: () => void, delayMs: number): ClientTimer;
}

/** Texts by key, as localStorage keeps them; every method may throw (storage full, storage forbidden). */
export interface KeyValueStore {
  keys(): readonly string[];
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

/** One WebSocket. Neither method throws; after `close` the listener is not called any more. */
export interface ClientSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** `onClosed` is called once at most and last; its code is 1006 when there was no connection. */
export interface SocketListener {
  onOpen(): void;
  onText(text: string): void;
  onClosed(code: number): void;
}

export type OpenSocket = (url: string, listener: SocketListener) => ClientSocket;

/** `expires` is Unix time in milliseconds; null: unknown. */
export interface Token {
  readonly token: string;
  readonly expires: number | null;
}

/** Why a token is asked for: to connect, because the old one ends, or because the server did not take the old one. */
export type TokenNeed = 'connect' | 'renew' | 'rejected';

/**
 * Where tokens come from.
 *
 * Rejects with `TokenRefusedError` when asking again is of no use, with any other error when it may be tried again.
 */
export interface TokenSource {
  get(need: TokenNeed): Promise<Token>;
}

/** Whoever gives tokens says no. */
export class TokenRefusedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TokenRefusedError';
  }
}

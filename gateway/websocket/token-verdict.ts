import type { UserKey } from '../ports/router.js';

/** Who a token says the client is. */
export interface TokenHolder {
  readonly user: UserKey;
  /** `exp`, Unix milliseconds. */
  readonly expiresMs: number;
}

export type TokenVerdict =
  | ({ readonly ok: true } & TokenHolder)
  | {
      readonly ok: false;
      /** `unavailable`: the keys of its issuer cannot be read now. */
      readonly code: 'unauthorized' | 'expired' | 'unavailable';
      /** For the one who wrote the client; holds nothing of the token. */
      readonly reason: string;
    };

/** Decides whether a token is good; never rejects, and never accepts what it could not check. */
export interface TokenVerifier {
  verify(token: string): Promise<TokenVerdict>;
}

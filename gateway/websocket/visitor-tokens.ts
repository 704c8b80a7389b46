import { createSecretKey } from 'node:crypto';

import { errors, jwtVerify, SignJWT, type KeyObject } from 'jose';

import type { Clock } from '../../config/clock.js';
import { tokenLimits } from '../../config/limits.js';
import type { Random } from '../../config/random.js';
import type { Secret } from '../../config/secret.js';

/** `iss` of our own tokens; no application may use it. */
export const visitorIssuer = 'parley';
const scope = 'visitor';
const userPattern = /^visitor\.[0-9a-f]{32}$/;

export interface Visitor {
  readonly user: string;
  /** Unix milliseconds. */
  readonly expiresMs: number;
}

export interface IssuedVisitor extends Visitor {
  readonly token: string;
}

/** Tokens that visitors get from us: HS256, only ever for users that we have named ourselves. */
export class VisitorTokens {
  readonly #key: KeyObject;
  readonly #lifeMs: number;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(secret: Secret, hours: number, clock: Clock, random: Random) {
    this.#key = createSecretKey(secret.reveal(), 'utf8');
    this.#lifeMs = hours * 3_600_000;
    this.#clock = clock;
    this.#random = random;
  }

  /** A new visitor, or a fresh token for one that showed a good one. */
  async issue(known: Visitor | null): Promise<IssuedVisitor> {
    const user = known?.user ?? `visitor.${this.#random.hex(16)}`;
    const issuedSeconds = Math.floor(this.#clock.epochMs() / 1_000);
    const expiresSeconds = issuedSeconds + Math.ceil(this.#lifeMs / 1_000);
    const token = await new SignJWT({ scope })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(visitorIssuer)
      .setSubject(user)
      .setIssuedAt(issuedSeconds)
      .setExpirationTime(expiresSeconds)
      .sign(this.#key);
    return { token, user, expiresMs: expiresSeconds * 1_000 };
  }

  /** Rejects with an error of jose when the token is not ours or not good. */
  async check(token: string): Promise<Visitor> {
    const { payload } = await jwtVerify(token, this.#key, {
      algorithms: ['HS256'],
      issuer: visitorIssuer,
      requiredClaims: ['exp', 'sub', 'scope'],
      clockTolerance: tokenLimits.toleranceSeconds,
      currentDate: new Date(this.#clock.epochMs()),
    });
    const { exp = 0, sub = '' } = payload;
    if (payload['scope'] !== scope || !userPattern.test(sub))
      throw new errors.JWTClaimValidationFailed('not a visitor', payload, 'scope', 'check_failed');
    return { user: sub, expiresMs: exp * 1_000 };
  }
}

import { createSecretKey } from 'node:crypto';

import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type KeyObject } from 'jose';

import type { Clock } from '../../config/clock.js';
import { chatLimits, tokenLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Secret } from '../../config/secret.js';
import { JwksKeys, KeysUnavailable, type FetchKeys } from './jwks-keys.js';
import type { TokenVerdict, TokenVerifier } from './token-verdict.js';
import { visitorIssuer, type VisitorTokens } from './visitor-tokens.js';

export interface TokenOptions {
  /** HS256; null: such tokens are refused. */
  readonly secret: Secret | null;
  /** RS256 and ES256; null: such tokens are refused. */
  readonly jwksUrl: string | null;
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly tenantClaim: string;
  /** Of tokens that name none, and of visitors. */
  readonly tenant: string;
}

export interface TokenDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null: visitors are not admitted. */
  readonly visitors: VisitorTokens | null;
  readonly fetchKeys?: FetchKeys;
}

const tenantPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const publicKeyAlgorithms = ['RS256', 'ES256'];

/**
 * Checks tokens (RFC 7519) of the operator's application, and hands those of visitors on.
 *
 * The algorithm decides which key is asked, and each kind of key is only ever asked for its own algorithms, so that a
 * public key cannot be passed off as a secret (RFC 8725 2.1). Neither is `none` known.
 */
export class ApplicationTokens implements TokenVerifier {
  readonly #options: TokenOptions;
  readonly #deps: TokenDeps;
  readonly #secret: KeyObject | null;
  readonly #keys: JwksKeys | null;

  constructor(options: TokenOptions, deps: TokenDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#secret = options.secret && createSecretKey(options.secret.reveal(), 'utf8');
    this.#keys = options.jwksUrl === null ? null : new JwksKeys(options.jwksUrl, deps.clock, deps.fetchKeys);
  }

  async verify(token: string): Promise<TokenVerdict> {
    if (token.length > chatLimits.tokenCharacters) return refuse('the token is too long');
    try {
      if (decodeJwt(token).iss === visitorIssuer) return await this.#verifyVisitor(token);
      return this.#judge(await this.#check(token));
    } catch (err) {
      return this.#explain(err);
    }
  }

  async #verifyVisitor(token: string): Promise<TokenVerdict> {
    if (!this.#deps.visitors) return refuse('visitors are not admitted here');
    const visitor = await this.#deps.visitors.check(token);
    return {
      ok: true,
      user: { tenant: this.#options.tenant, userId: visitor.user },
      expiresMs: visitor.expiresMs,
    };
  }

  async #check(token: string): Promise<JWTPayload> {
    const { audience, issuer } = this.#options;
    const wanted = {
      ...(issuer === null ? {} : { issuer }),
      ...(audience === null ? {} : { audience }),
      requiredClaims: ['exp', 'sub'],
      clockTolerance: tokenLimits.toleranceSeconds,
      currentDate: new Date(this.#deps.clock.epochMs()),
    };
    const { alg = '' } = decodeProtectedHeader(token);
    if (alg === 'HS256' && this.#secret)
      return (await jwtVerify(token, this.#secret, { ...wanted, algorithms: ['HS256'] })).payload;
    if (publicKeyAlgorithms.includes(alg) && this.#keys)
      return (await jwtVerify(token, this.#keys.find, { ...wanted, algorithms: publicKeyAlgorithms }))
        .payload;
    throw new errors.JOSEAlgNotAllowed('tokens with this algorithm are not accepted here');
  }

  #judge(payload: JWTPayload): TokenVerdict {
    const { exp = 0, sub } = payload;
    if (!isSubject(sub))
      return refuse(
        `sub is a text of 1 to ${tokenLimits.subjectCharacters} characters without control characters`,
      );
    const tenant = Object.hasOwn(payload, this.#options.tenantClaim)
      ? payload[this.#options.tenantClaim]
      : this.#options.tenant;
    if (typeof tenant !== 'string' || !tenantPattern.test(tenant))
      return refuse(`the claim ${this.#options.tenantClaim} is not the name of a tenant`);
    return { ok: true, user: { tenant, userId: sub }, expiresMs: exp * 1_000 };
  }

  #explain(err: unknown): TokenVerdict {
    if (err instanceof errors.JWTExpired)
      return { ok: false, code: 'expired', reason: 'the token has expired' };
    if (err instanceof errors.JWTClaimValidationFailed)
      return refuse(`the claim ${err.claim} of the token is not as wanted`);
    if (err instanceof errors.JOSEError) return refuse('the token is not good');
    if (err instanceof TypeError) return refuse('this is not a token');
    this.#deps.logger.warn('a token could not be checked', { err });
    const reason =
      err instanceof KeysUnavailable
        ? 'the keys of the issuer cannot be read now'
        : 'the token could not be checked';
    return { ok: false, code: 'unavailable', reason };
  }
}

function refuse(reason: string): TokenVerdict {
  return { ok: false, code: 'unauthorized', reason };
}

function isSubject(sub: unknown): sub is string {
  return (
    typeof sub === 'string' &&
    sub.length >= 1 &&
    sub.length <= tokenLimits.subjectCharacters &&
    !/[\p{Cc}\p{Surrogate}]/u.test(sub)
  );
}

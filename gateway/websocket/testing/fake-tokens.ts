import type { TokenVerdict, TokenVerifier } from '../token-verdict.js';

/** Tokens are `tenant/user`, or the word of a refusal; all last an hour unless `expiresMs` says otherwise. */
export class FakeTokens implements TokenVerifier {
  expiresMs = 1_700_003_600_000;

  verify(token: string): Promise<TokenVerdict> {
    if (token === 'unauthorized' || token === 'expired' || token === 'unavailable')
      return Promise.resolve({ ok: false, code: token, reason: `it is ${token}` });
    const [tenant = '', userId = ''] = token.split('/');
    return Promise.resolve({ ok: true, user: { tenant, userId }, expiresMs: this.expiresMs });
  }
}

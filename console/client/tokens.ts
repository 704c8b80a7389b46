import { clientLimits } from './limits.js';
import { TokenRefusedError } from './ports.js';
import type { Token, TokenNeed, TokenSource } from './ports.js';
import { isRecord, parseRecord } from './safe-storage.js';
import type { SafeStorage } from './safe-storage.js';

/** Asks the visitor endpoint; `token` is the old one or null. Resolves with status and body. */
export type PostVisitor = (
  token: string | null,
) => Promise<{ readonly status: number; readonly body: unknown }>;

const key = 'parley.visitor';

/**
 * Tokens of people without an account, from `POST /chat/visitor`, kept so that a visitor is known again.
 *
 * The old token is sent along to be renewed; while the endpoint is away, one that has not ended is used as it is.
 */
export class VisitorTokens implements TokenSource {
  readonly #post: PostVisitor;
  readonly #storage: SafeStorage;
  readonly #epochMs: () => number;

  constructor(post: PostVisitor, storage: SafeStorage, epochMs: () => number) {
    this.#post = post;
    this.#storage = storage;
    this.#epochMs = epochMs;
  }

  async get(need: TokenNeed): Promise<Token> {
    if (need === 'rejected') this.#storage.remove(key);
    const old = readToken(parseRecord(this.#storage.get(key)));
    const leftMs = old === null ? 0 : (old.expires ?? 0) - this.#epochMs();
    if (old !== null && need === 'connect' && leftMs > clientLimits.renewBeforeMs) return old;
    try {
      return await this.#ask(old?.token ?? null);
    } catch (error) {
      if (old !== null && need === 'connect' && leftMs > 0 && !(error instanceof TokenRefusedError))
        return old;
      throw error;
    }
  }

  async #ask(old: string | null): Promise<Token> {
    const { status, body } = await this.#post(old);
    if (status === 401 || status === 403 || status === 404)
      throw new TokenRefusedError(`visitors are not let in (${status})`);
    const token = status === 200 ? readToken(body) : null;
    if (token === null) throw new Error(`the visitor endpoint answered ${status}`);
    this.#storage.set(key, JSON.stringify(token));
    return token;
  }
}

/** Tokens from a function of the site that shows the chat; null from it means that its user is not logged in. */
export class SiteTokens implements TokenSource {
  readonly #give: (need: TokenNeed) => Promise<string | null>;

  constructor(give: (need: TokenNeed) => Promise<string | null>) {
    this.#give = give;
  }

  async get(need: TokenNeed): Promise<Token> {
    const token = await this.#give(need);
    if (token === null) throw new TokenRefusedError('the site gave no token');
    if (!isToken(token)) throw new TokenRefusedError('the site gave something that is no token');
    return { token, expires: null };
  }
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= clientLimits.tokenCharacters;
}

function readToken(value: unknown): Token | null {
  if (!isRecord(value) || !isToken(value['token'])) return null;
  const expires = value['expires'];
  return { token: value['token'], expires: typeof expires === 'number' ? expires : null };
}

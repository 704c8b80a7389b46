import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page of this Origin (RFC 6454) may talk to us: one of our own, by Host, or one that `chat.origins` names.
 *
 * Programs send no Origin and may: they carry a token, which a page of another site could not read. Behind a proxy that
 * ends TLS the scheme is not known, so that own pages are told by host and port alone.
 */
export class OriginRule {
  readonly #allowed: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#allowed = new Set(origins.map((origin) => origin.toLowerCase()));
  }

  allows({ host, origin }: IncomingHttpHeaders): boolean {
    return origin === undefined || this.isForeign(origin) || isOwn(origin, host);
  }

  /** One of `chat.origins`. */
  isForeign(origin: string): boolean {
    return this.#allowed.has(origin.toLowerCase());
  }
}

function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined || !/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  const own = `${page.protocol}//${host.toLowerCase()}`;
  return URL.canParse(own) && new URL(own).host === page.host;
}

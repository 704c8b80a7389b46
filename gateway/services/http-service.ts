import http from 'node:http';
import https from 'node:https';

import type { Clock } from '../../config/clock.js';
import { serviceLimits } from '../../config/limits.js';
import type { ServiceConfig } from '../../config/sections/services.js';
import { answered, failed, refused, type Attempt, type CallRequest, type ServiceClient } from './attempt.js';
import { unlessAborted } from './deadline.js';
import type { HostAddress, HostResolver } from './host-resolver.js';
import { readAnswer } from './http-answer.js';
import { redirectTarget } from './http-redirect.js';
import { toHttpTarget, type HttpTarget } from './http-target.js';
import { pinnedTo } from './pinned-lookup.js';

export interface HttpServiceDeps {
  readonly resolver: HostResolver;
  readonly clock: Clock;
}

/** Methods that may be sent twice without harm (RFC 9110 9.2.2). */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'PUT', 'DELETE']);

type Exchange =
  | { readonly type: 'response'; readonly response: http.IncomingMessage }
  /** `stale`: a kept connection was closed by the far end before it took the request. */
  | { readonly type: 'broken'; readonly stale: boolean; readonly code: string };

/**
 * A back-office system that speaks JSON over HTTP/1.1, on kept connections.
 *
 * Each connection goes to an address that was checked; the URL's host is still what TLS verifies and what `Host` says.
 */
export class HttpService implements ServiceClient {
  readonly #config: ServiceConfig;
  readonly #base: URL;
  readonly #deps: HttpServiceDeps;
  readonly #agents: { readonly 'http:': http.Agent; readonly 'https:': https.Agent };

  constructor(config: ServiceConfig, deps: HttpServiceDeps) {
    this.#config = config;
    this.#base = new URL(config.url);
    this.#deps = deps;
    const options = {
      keepAlive: true,
      maxSockets: config.maxConcurrent,
      maxFreeSockets: config.maxConcurrent,
      timeout: serviceLimits.idleConnectionMs,
    };
    this.#agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
  }

  async attempt(request: CallRequest, signal: AbortSignal): Promise<Attempt> {
    const built = toHttpTarget(this.#base, request);
    if (!built.ok) return refused(built.reason);
    let { target } = built;
    for (let redirects = 0; ; redirects++) {
      const sent = await this.#send(target, request, signal);
      if (!('response' in sent)) return sent;
      const { response } = sent;
      const status = response.statusCode ?? 0;
      if (status < 300 || status > 399) return this.#read(response, status);
      response.destroy();
      if (redirects >= this.#config.redirects)
        return failed('status', `answered with the redirect ${status}, which redirects does not allow`, {
          status,
        });
      const next = redirectTarget(target, response, this.#base, this.#config.allowHosts);
      if (!next.ok) return failed('refused', next.reason, { status, healthy: true });
      ({ target } = next);
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  async #send(
    target: HttpTarget,
    request: CallRequest,
    signal: AbortSignal,
  ): Promise<Attempt | Extract<Exchange, { type: 'response' }>> {
    const resolution = await unlessAborted(this.#deps.resolver.resolve(target.url.hostname), signal);
    if (!resolution) return failed('timeout', 'its name was not resolved in time', { retryable: true });
    if (!resolution.ok) {
      if (resolution.failure === 'refused') return refused(resolution.message);
      return failed('unreachable', resolution.message, { retryable: true });
    }
    const ask = (kept: boolean) => this.#exchange(target, request, resolution.addresses, signal, kept);
    let exchange = await ask(true);
    if (
      exchange.type === 'broken' &&
      exchange.stale &&
      !signal.aborted &&
      idempotentMethods.has(target.method)
    )
      exchange = await ask(false);
    if (exchange.type === 'response') return exchange;
    if (signal.aborted) return failed('timeout', 'no answer in time', { retryable: true });
    return failed('unreachable', `the request failed (${exchange.code})`, { retryable: true });
  }

  /** One request on a kept connection or one of its own; settles with the head of the response. */
  #exchange(
    target: HttpTarget,
    request: CallRequest,
    addresses: readonly HostAddress[],
    signal: AbortSignal,
    kept: boolean,
  ): Promise<Exchange> {
    const { url, method, body } = target;
    const secure = url.protocol === 'https:';
    return new Promise((resolve) => {
      const outgoing = (secure ? https : http).request(url, {
        method,
        signal,
        agent: kept ? this.#agents[secure ? 'https:' : 'http:'] : false,
        lookup: pinnedTo(addresses),
        maxHeaderSize: serviceLimits.responseHeaderBytes,
        headers: this.#headers(target, request),
      });
      outgoing.on('response', (response) => resolve({ type: 'response', response }));
      outgoing.on('error', (err: NodeJS.ErrnoException) => {
        const code = err.code ?? err.name;
        const stale = outgoing.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
        resolve({ type: 'broken', stale, code });
      });
      outgoing.end(body ?? undefined);
    });
  }

  /** The operator's fields go to the service's own origin alone. */
  #headers({ url, method, body }: HttpTarget, request: CallRequest): http.OutgoingHttpHeaders {
    const headers: http.OutgoingHttpHeaders = {
      accept: 'application/json',
      'user-agent': 'Parley',
    };
    if (url.origin === this.#base.origin) {
      for (const [name, value] of Object.entries(this.#config.headers))
        headers[name.toLowerCase()] = value.reveal();
    }
    headers['accept-encoding'] = 'identity';
    if (method !== 'GET') headers['idempotency-key'] = request.idempotencyKey;
    if (body) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = body.length;
    }
    return headers;
  }

  async #read(response: http.IncomingMessage, status: number): Promise<Attempt> {
    if (status >= 200 && status <= 299) {
      if (status !== 204 && status !== 205) return readAnswer(response, this.#config.maxResponseBytes);
      response.resume();
      return answered(null);
    }
    const retryAfterMs = retryAfter(response.headers['retry-after'], this.#deps.clock.epochMs());
    // Nobody reads what an error says: it goes with its connection.
    response.destroy();
    return failed('status', `answered ${status}`, {
      status,
      retryable: this.#config.retryOn.includes(status),
      retryAfterMs,
      // A 4xx is about the request; a service that says it is overloaded is not well.
      healthy: status < 500 && status !== 429,
    });
  }
}

/** The one form of a date that is still sent (RFC 9110 5.6.7). */
const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Seconds or an HTTP date (RFC 9110 10.2.3) as milliseconds from now; null when it is neither. */
export function retryAfter(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const dateMs = httpDate.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}

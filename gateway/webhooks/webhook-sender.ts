import http from 'node:http';
import https from 'node:https';

import type { Clock } from '../../config/clock.js';
import { serviceLimits, webhookLimits } from '../../config/limits.js';
import type { WebhookConfig } from './webhook-config.js';
import type { CircuitEnd } from '../services/circuit.js';
import { Deadline, unlessAborted } from '../services/deadline.js';
import type { HostAddress, HostResolver } from '../services/host-resolver.js';
import { retryAfter } from '../services/http-service.js';
import { pinnedTo } from '../services/pinned-lookup.js';
import type { Delivery } from './delivery.js';
import { signatureOf } from './signature.js';

/** What one attempt came to. */
export interface SendResult {
  /** `gone`: the receiver wants it never again (410). */
  readonly outcome: 'delivered' | 'failed' | 'gone';
  /** HTTP status; null where no answer came. */
  readonly status: number | null;
  /** Why it failed, for operators; empty where it did not. */
  readonly reason: string;
  /** The receiver asks to be left alone for so long. */
  readonly retryAfterMs: number | null;
  /** What it says about the receiver as such. */
  readonly health: CircuitEnd;
}

export interface WebhookSenderDeps {
  readonly resolver: Pick<HostResolver, 'resolve'>;
  readonly clock: Clock;
}

type Exchange =
  | { readonly type: 'response'; readonly response: http.IncomingMessage }
  /** `stale`: a kept connection was closed by the far end before it took the request. */
  | { readonly type: 'broken'; readonly stale: boolean; readonly code: string };

/**
 * Sends deliveries to one hook over HTTP/1.1, on kept connections that go to checked addresses alone.
 *
 * Follows no redirect. Of the answer only status and Retry-After are looked at.
 */
export class WebhookSender {
  readonly #config: WebhookConfig;
  readonly #url: URL;
  readonly #deps: WebhookSenderDeps;
  readonly #agent: http.Agent;

  constructor(config: WebhookConfig, deps: WebhookSenderDeps) {
    this.#config = config;
    this.#url = new URL(config.url);
    this.#deps = deps;
    const options = {
      keepAlive: true,
      maxFreeSockets: webhookLimits.concurrent,
      timeout: serviceLimits.idleConnectionMs,
    };
    this.#agent = this.#secure ? new https.Agent(options) : new http.Agent(options);
  }

  /** One attempt, `timeoutMs` long at most. Never rejects; `signal` ends it early. */
  async send(delivery: Delivery, signal: AbortSignal): Promise<SendResult> {
    const deadline = new Deadline(this.#deps.clock, this.#config.timeoutMs, signal);
    try {
      return await this.#attempt(delivery, deadline);
    } finally {
      deadline.close();
    }
  }

  /** Ends all connections. Idempotent. */
  close(): void {
    this.#agent.destroy();
  }

  get #secure(): boolean {
    return this.#url.protocol === 'https:';
  }

  async #attempt(delivery: Delivery, deadline: Deadline): Promise<SendResult> {
    const { signal } = deadline;
    const resolution = await unlessAborted(this.#deps.resolver.resolve(this.#url.hostname), signal);
    if (!resolution) return broken('its name was not resolved in time', deadline);
    if (!resolution.ok)
      return {
        ...broken(resolution.message, deadline),
        ...(resolution.failure === 'refused' ? untouched : {}),
      };
    let exchange = await this.#exchange(delivery, resolution.addresses, signal, true);
    // The receiver tells repeated deliveries by their id, so that a second request does no harm.
    if (exchange.type === 'broken' && exchange.stale && !signal.aborted)
      exchange = await this.#exchange(delivery, resolution.addresses, signal, false);
    if (exchange.type === 'broken')
      return broken(signal.aborted ? 'no answer in time' : `the request failed (${exchange.code})`, deadline);
    const { response } = exchange;
    await drained(response);
    return resultOf(response, this.#deps.clock.epochMs());
  }

  /** Settles with the head of the response. */
  #exchange(
    { body, event, id }: Delivery,
    addresses: readonly HostAddress[],
    signal: AbortSignal,
    kept: boolean,
  ): Promise<Exchange> {
    const timestamp = String(Math.floor(this.#deps.clock.epochMs() / 1_000));
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'Parley',
      'parley-event': event,
      'parley-delivery': id,
      'parley-timestamp': timestamp,
      'parley-signature': signatureOf(this.#config.secret, timestamp, body),
    };
    return new Promise((resolve) => {
      const outgoing = (this.#secure ? https : http).request(this.#url, {
        method: 'POST',
        headers,
        signal,
        agent: kept ? this.#agent : false,
        lookup: pinnedTo(addresses),
        maxHeaderSize: serviceLimits.responseHeaderBytes,
      });
      outgoing.on('response', (response) => resolve({ type: 'response', response }));
      outgoing.on('error', (err: NodeJS.ErrnoException) => {
        const code = err.code ?? err.name;
        const stale = outgoing.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
        resolve({ type: 'broken', stale, code });
      });
      outgoing.end(body);
    });
  }
}

/** Our own rules forbid it: the receiver was not asked. */
const untouched = { health: 'none' } as const;

function broken(reason: string, deadline: Deadline): SendResult {
  const left = deadline.signal.aborted && !deadline.expired;
  return { outcome: 'failed', status: null, reason, retryAfterMs: null, health: left ? 'none' : 'failure' };
}

function resultOf({ headers, statusCode = 0 }: http.IncomingMessage, nowMs: number): SendResult {
  const answer = { status: statusCode, reason: '', retryAfterMs: null, health: 'success' } as const;
  if (statusCode >= 200 && statusCode <= 299) return { outcome: 'delivered', ...answer };
  const reason = `answered ${statusCode}`;
  if (statusCode === 410) return { outcome: 'gone', ...answer, reason };
  const isRedirect = statusCode >= 300 && statusCode <= 399;
  // A 4xx is about this delivery; a receiver that says it is overloaded is not well.
  const isWell = statusCode < 500 && statusCode !== 429;
  return {
    outcome: 'failed',
    status: statusCode,
    reason: isRedirect ? `${reason}, and redirects are not followed` : reason,
    retryAfterMs: retryAfter(headers['retry-after'], nowMs),
    health: isWell ? 'success' : 'failure',
  };
}

/** Lets a short body pass so that the connection can be kept; a long or slow one goes with its connection. */
function drained(response: http.IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > webhookLimits.responseBytes) response.destroy();
    });
    // The head has told all; how the rest ends changes nothing.
    response.on('error', () => response.destroy());
    response.on('close', resolve);
  });
}

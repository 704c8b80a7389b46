import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from 'jose';
import { z } from 'zod';

import type { Clock } from '../../config/clock.js';
import { chatLimits, chatSocketLimits, tokenLimits } from '../../config/limits.js';
import { sendError } from '../http/errors.js';
import type { Routes } from '../http/http-server.js';
import { rateKey } from './address-table.js';
import { clientAddress } from './client-address.js';
import type { OriginRule } from './origin-rule.js';
import { SlidingWindow } from './rates.js';
import type { TimerWheel } from './timer-wheel.js';
import type { Visitor, VisitorTokens } from './visitor-tokens.js';

export interface VisitorRoutesOptions {
  readonly perIpPerMinute: number;
  readonly trustProxies: number;
  readonly maxAddresses?: number;
}

export interface VisitorRoutesDeps {
  readonly tokens: VisitorTokens;
  readonly origins: OriginRule;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
}

/** What `POST /chat/visitor` answers; `expires` is Unix milliseconds. */
export interface VisitorBody {
  readonly token: string;
  readonly user: string;
  readonly expires: number;
}

const requestBody = z.strictObject({ token: z.string().max(chatLimits.tokenCharacters).optional() });

/** `POST /chat/visitor`: a token for somebody without an account, or a fresh one for an old one that is still good. */
export function visitorRoutes(options: VisitorRoutesOptions, deps: VisitorRoutesDeps): Routes {
  const rates = new VisitorRates(options, deps);
  return (app) => {
    app.options('/chat/visitor', { config: { openToAll: true } }, (request, reply) => {
      if (!admitOrigin(request, reply, deps.origins)) return reply;
      return reply
        .headers({
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': 'content-type',
          'access-control-max-age': '600',
        })
        .code(204)
        .send();
    });

    app.post(
      '/chat/visitor',
      { config: { openToAll: true }, bodyLimit: tokenLimits.visitorBodyBytes },
      async (request, reply) => {
        if (!admitOrigin(request, reply, deps.origins)) return reply;
        const address = clientAddress(request.headers, request.socket.remoteAddress, options.trustProxies);
        const waitMs = rates.take(address);
        if (waitMs > 0) {
          reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
          return sendError(
            reply,
            429,
            'rate',
            `at most ${options.perIpPerMinute} visitors a minute from one address`,
          );
        }
        const body = requestBody.safeParse(request.body ?? {});
        if (!body.success)
          return sendError(reply, 400, 'bad-request', 'send nothing, or {"token": the one you have}');
        const { expiresMs, token, user } = await deps.tokens.issue(
          await knownVisitor(body.data.token, deps.tokens),
        );
        return reply.send({ token, user, expires: expiresMs } satisfies VisitorBody);
      },
    );
  };
}

/** Null: without a token, or with one that is not good any more, it is a new visitor. */
async function knownVisitor(token: string | undefined, tokens: VisitorTokens): Promise<Visitor | null> {
  if (token === undefined) return null;
  try {
    return await tokens.check(token);
  } catch (err) {
    if (err instanceof errors.JOSEError) return null;
    throw err;
  }
}

/** Other sites' pages are told that they may read the answer (Fetch standard, CORS); false: a refusal was sent. */
function admitOrigin({ headers }: FastifyRequest, reply: FastifyReply, origins: OriginRule): boolean {
  reply.header('vary', 'origin');
  if (!origins.allows(headers)) {
    sendError(reply, 403, 'forbidden', 'pages of this site may not chat here; add it to chat.origins');
    return false;
  }
  const { origin } = headers;
  if (origin !== undefined && origins.isForeign(origin)) reply.header('access-control-allow-origin', origin);
  return true;
}

/** New visitors of one address in a minute; forgotten when they count no more. */
class VisitorRates {
  readonly #options: VisitorRoutesOptions;
  readonly #deps: VisitorRoutesDeps;
  readonly #windows = new Map<string, SlidingWindow>();

  constructor(options: VisitorRoutesOptions, deps: VisitorRoutesDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** 0: counted. Otherwise milliseconds to wait. */
  take(address: string): number {
    const key = rateKey(address);
    const window = this.#windows.get(key) ?? this.#add(key);
    return window?.take(this.#deps.clock.nowMs()) ?? tokenLimits.visitorWindowMs;
  }

  #add(key: string): SlidingWindow | null {
    if (this.#windows.size >= (this.#options.maxAddresses ?? chatSocketLimits.rateEntries)) return null;
    const window = new SlidingWindow(this.#options.perIpPerMinute, tokenLimits.visitorWindowMs);
    this.#windows.set(key, window);
    this.#forgetWhenIdle(key, window);
    return window;
  }

  #forgetWhenIdle(key: string, window: SlidingWindow): void {
    this.#deps.wheel.after(tokenLimits.visitorWindowMs, () => {
      if (window.isIdle(this.#deps.clock.nowMs())) this.#windows.delete(key);
      else this.#forgetWhenIdle(key, window);
    });
  }
}

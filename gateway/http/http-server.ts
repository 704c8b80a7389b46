import type { Server } from 'node:http';

import { fastify } from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Clock } from '../../config/clock.js';
import { gatewayLimits, httpLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { ApiScope } from '../../config/sections/operation.js';
import './api-operation.js';
import { ApiKeyGuard, type ApiCaller, type ApiKeySettings } from './authentication.js';
import { codeOfStatus, refuseSocket, sendError } from './errors.js';
import { isOwnMachine } from './own-machine.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on routes that are open to all. */
    caller: ApiCaller | null;
  }
}

/** Without `apiKeys` and `keys` there is no authentication. */
export interface HttpServerOptions extends ApiKeySettings {
  readonly address: string;
  /** 0 asks for a free port. */
  readonly port: number;
  readonly maxConnections: number;
}

export interface HttpServerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Adds routes; called once, before the server listens. */
export type Routes = (app: FastifyInstance) => void;

/** Every answer: no guessing of types, no addresses to other sites, nothing kept unless a route says otherwise. */
const safeHeaders = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cache-control', 'no-store'],
] as const;

/** What whoever reaches the port may do where no key is configured; the rest is for this machine alone. */
const openScopes: ReadonlySet<ApiScope> = new Set(['trees:read', 'operations:read']);

const refusableMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * The HTTP edge: bounds, authentication, error answers and shutting down; what is served comes in as `Routes`.
 *
 * Every route needs an API key unless its config says `openToAll`, unknown paths included; its config names the scope
 * that the key must have.
 */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #deps: HttpServerDeps;
  readonly #app: FastifyInstance;
  readonly #guard: ApiKeyGuard;
  readonly #methodsByPath = new Map<string, Set<string>>();
  #closing: Promise<void> | null = null;

  constructor(options: HttpServerOptions, deps: HttpServerDeps, routes: readonly Routes[]) {
    this.#options = options;
    this.#deps = deps;
    this.#guard = new ApiKeyGuard(options);
    this.#app = createApp();
    this.#app.server.maxConnections = options.maxConnections;
    this.#app.decorateRequest('caller', null);
    this.#app.addHook('onRequest', (request, reply, next) => {
      if (this.#admit(request, reply)) next();
    });
    this.#app.addHook('onRoute', ({ method, url }) => this.#remember(method, url));
    this.#app.setErrorHandler((error, request, reply) =>
      this.#answerError(error as FastifyError, request, reply),
    );
    this.#app.setNotFoundHandler((_request, reply) =>
      sendError(reply, 404, 'not-found', 'there is nothing at this path'),
    );
    for (const add of routes) add(this.#app);
    this.#refuseOtherMethods();
  }

  /** Node's server, for protocols that take over a connection (WebSocket). */
  get server(): Server {
    return this.#app.server;
  }

  /** The bound port; 0 before `start`. */
  get port(): number {
    const address = this.#app.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Rejects when the address cannot be bound. */
  async start(): Promise<void> {
    const { address, port } = this.#options;
    await this.#app.listen({ host: address, port, backlog: httpLimits.waitingConnections });
    this.#deps.logger.info('http listening', {
      address,
      port: this.port,
      authenticated: this.#guard.required,
    });
  }

  /** Takes no more connections, lets running answers finish for `closeMs`, then cuts. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const timer = this.#deps.clock.setTimer(() => this.#app.server.closeAllConnections(), httpLimits.closeMs);
    try {
      await this.#app.close();
    } finally {
      timer.cancel();
    }
  }

  /**
   * Before the body is read: sends a refusal and returns false, or lets the request through.
   *
   * A refusal ends the connection, since the body that may follow will not be read.
   */
  #admit(request: FastifyRequest, reply: FastifyReply): boolean {
    for (const [name, value] of safeHeaders) reply.header(name, value);
    if ((request.raw.url?.length ?? 0) > httpLimits.urlCharacters) {
      reply.header('connection', 'close');
      sendError(reply, 414, 'url-too-long', `a URL has at most ${httpLimits.urlCharacters} characters`);
      return false;
    }
    if (request.routeOptions.config.openToAll === true) return true;
    const caller = this.#guard.identify(request.method, request.headers.authorization);
    if (!caller) {
      reply.headers({ 'www-authenticate': this.#guard.challenge, connection: 'close' });
      sendError(reply, 401, 'unauthorized', 'send an API key: Authorization: Bearer KEY');
      return false;
    }
    request.caller = caller;
    const refusal = this.#refusal(request, caller);
    if (refusal !== null) {
      sendError(reply.header('connection', 'close'), 403, 'forbidden', refusal);
      return false;
    }
    return request.routeOptions.config.scope === undefined || this.#inRate(reply, caller);
  }

  /** Why a caller may not use a route, or null. */
  #refusal(request: FastifyRequest, { scopes }: ApiCaller): string | null {
    const { anyKey, scope } = request.routeOptions.config;
    if (request.is404 || anyKey === true) return null;
    if (!this.#guard.required && scope !== undefined && !openScopes.has(scope) && !isOwnMachine(request))
      return 'without security.apiKeys or security.keys only this machine may do this';
    if (scopes === null || (scope !== undefined && scopes.has(scope))) return null;
    return scope === undefined
      ? 'this needs a key of security.apiKeys'
      : `this key lacks the scope ${scope}; the operator adds it under security.keys`;
  }

  #inRate(reply: FastifyReply, { rate }: ApiCaller): boolean {
    const waitMs = rate.admit(this.#deps.clock.nowMs());
    if (waitMs === 0) return true;
    reply.headers({ 'retry-after': Math.ceil(waitMs / 1_000), connection: 'close' });
    sendError(reply, 429, 'rate', 'too many requests with this key; wait as long as Retry-After says');
    return false;
  }

  #remember(method: string | string[], url: string): void {
    const known = this.#methodsByPath.get(url) ?? new Set<string>();
    for (const one of Array.isArray(method) ? method : [method]) known.add(one);
    this.#methodsByPath.set(url, known);
  }

  /** 405 with Allow for known paths (RFC 9110 15.5.6), which fastify answers with 404. */
  #refuseOtherMethods(): void {
    for (const [url, methods] of [...this.#methodsByPath]) {
      const others = refusableMethods.filter((method) => !methods.has(method));
      if (url === '*' || others.length === 0) continue;
      const allow = [...methods].join(', ');
      this.#app.route({
        method: others,
        url,
        config: { anyKey: true },
        handler: (request, reply) => {
          reply.header('allow', allow);
          return sendError(
            reply,
            405,
            'method-not-allowed',
            `${request.method} is not possible here, ${allow} is`,
          );
        },
      });
    }
  }

  #answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return sendError(reply, status, codeOfStatus(status), error.message);
    this.#deps.logger.error('http handler failed', { err: error, route: request.routeOptions.url ?? '' });
    return sendError(reply, 500, 'internal', 'the request failed; the log of the server says why');
  }
}

function createApp(): FastifyInstance {
  return fastify({
    logger: false,
    bodyLimit: gatewayLimits.httpBodyBytes,
    connectionTimeout: httpLimits.idleSocketMs,
    requestTimeout: httpLimits.requestMs,
    keepAliveTimeout: httpLimits.keepAliveMs,
    maxRequestsPerSocket: httpLimits.requestsPerSocket,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: httpLimits.paramCharacters },
    clientErrorHandler: refuseSocket,
    frameworkErrors: (error, _request, reply) => void sendError(reply, 400, 'bad-request', error.message),
    http: {
      maxHeaderSize: httpLimits.headerBytes,
      headersTimeout: httpLimits.headersMs,
      connectionsCheckingInterval: 1_000,
    },
  });
}

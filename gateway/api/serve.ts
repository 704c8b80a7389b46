import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { apiLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { ApiScope } from '../../config/sections/operation.js';
import type { ApiAnswer, ApiDescription } from '../http/api-operation.js';
import type { ApiCaller } from '../http/authentication.js';
import { sendError } from '../http/errors.js';
import { LogError } from '../ports/session-log.js';
import { errorBody } from './error-schema.js';
import { tenantHeader, tenantOf } from './tenant.js';

const nothing = z.strictObject({});
type Nothing = typeof nothing;

/** An operation whose inputs are checked by schemas; what is left out has to be empty. */
export interface Operation<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodType = Nothing,
  Headers extends z.ZodObject = Nothing,
> {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly scope: ApiScope;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** A request without a body is taken for `{}`. */
  readonly bodyOptional?: boolean;
  /** Besides `Parley-Tenant`; names in lower case. */
  readonly headers?: Headers;
  readonly answers: Readonly<Record<number, ApiAnswer>>;
}

export interface Inputs<Params, Query, Body, Headers> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Headers;
  readonly tenant: string;
  readonly caller: ApiCaller;
}

export interface ServeDeps {
  /** Of requests whose key and `Parley-Tenant` name none. */
  readonly defaultTenant: string;
  readonly logger: Logger;
}

/** Adds a route that checks its inputs, tells whose tenant is meant, and answers 503 while the log is away. */
export function serve<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodType = Nothing,
  Headers extends z.ZodObject = Nothing,
>(
  app: FastifyInstance,
  deps: ServeDeps,
  operation: Operation<Params, Query, Body, Headers>,
  handle: (
    inputs: Inputs<z.output<Params>, z.output<Query>, z.output<Body>, z.output<Headers>>,
    reply: FastifyReply,
  ) => Promise<FastifyReply> | FastifyReply,
): void {
  const { method, path: url, scope } = operation;
  const places = {
    params: operation.params ?? nothing,
    query: operation.query ?? nothing,
    body: operation.body ?? nothing,
    headers: operation.headers ?? nothing,
  };
  app.route({
    method,
    url,
    config: { scope, api: describe(operation) },
    handler: async (request, reply) => {
      const { caller } = request;
      if (!caller) throw new Error('the route has no caller');
      const tenant = tenantOf(request, caller, deps.defaultTenant);
      if (!tenant.ok) return sendError(reply, tenant.status, tenant.code, tenant.message, tenantHeader);
      const checked = check(request, places);
      if (!checked.ok) return sendError(reply, 400, 'bad-request', checked.message, checked.field);
      try {
        // The schemas have just said so.
        const inputs = { ...checked.values, tenant: tenant.name, caller } as Parameters<typeof handle>[0];
        return await handle(inputs, reply);
      } catch (err) {
        if (!(err instanceof LogError)) throw err;
        deps.logger.warn('a request could not be answered, the session log is away', { route: url, err });
        return sendUnavailable(reply);
      }
    },
  });
}

/** 503: the request was right and may be made again. */
export function sendUnavailable(reply: FastifyReply): FastifyReply {
  reply.header('retry-after', apiLimits.retryAfterSeconds);
  return sendError(reply, 503, 'unavailable', 'the session log is away; try again after Retry-After');
}

/** An answer that is an error, for `Operation.answers`. */
export function refusal(description: string): ApiAnswer {
  return { description, schema: errorBody };
}

const unavailable = refusal('The log of the sessions is away; see Retry-After.');

const tenantField = z
  .string()
  .exactOptional()
  .describe('Whose sessions are meant, for keys of no single tenant; otherwise chat.tenant.');

function describe<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, H extends z.ZodObject>(
  operation: Operation<P, Q, B, H>,
): ApiDescription {
  const { answers, body, bodyOptional = false, headers, id, params, query, summary, tag } = operation;
  return {
    id,
    tag,
    summary,
    ...(params ? { params } : {}),
    ...(query ? { query } : {}),
    headers: z.object({ [tenantHeader]: tenantField, ...headers?.shape }),
    ...(body ? { body: { contentType: 'application/json', schema: body, optional: bodyOptional } } : {}),
    answers: { ...answers, 503: unavailable },
  };
}

type Checked =
  | { readonly ok: true; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly message: string; readonly field: string };

/** Checks each place of a request; the first mistake is told. */
function check(
  { body, headers, params, query }: FastifyRequest,
  places: Readonly<Record<'params' | 'query' | 'body' | 'headers', z.ZodType>>,
): Checked {
  const given = { params, query, body: body ?? {}, headers: known(headers, places.headers) };
  const values: Record<string, unknown> = {};
  for (const place of ['params', 'query', 'headers', 'body'] as const) {
    const parsed = places[place].safeParse(given[place]);
    if (!parsed.success) return mistake(place, parsed.error);
    values[place] = parsed.data;
  }
  return { ok: true, values };
}

/** Those header fields that the operation knows of. */
function known(headers: FastifyRequest['headers'], schema: z.ZodType): Record<string, unknown> {
  const names = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return Object.fromEntries(names.flatMap((name) => (name in headers ? [[name, headers[name]]] : [])));
}

function mistake(place: string, error: z.ZodError): Checked {
  const [issue] = error.issues;
  const path =
    issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : (issue?.path ?? []);
  const field = path.length === 0 ? place : path.join('.');
  return { ok: false, field, message: `${field} (${place}) is not valid: ${issue?.message ?? ''}` };
}

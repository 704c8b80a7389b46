import { z } from 'zod';

import type { ApiScope } from '../../config/sections/operation.js';
import type { ApiDescription } from '../http/api-operation.js';
import { errorBody } from './error-schema.js';

/** A route under /api/v1 as it was registered. */
export interface DescribedRoute {
  readonly method: string;
  /** As the router writes it: `/api/v1/sessions/:id`. */
  readonly url: string;
  /** Absent: any key may use it. */
  readonly scope?: ApiScope;
  readonly api: ApiDescription;
}

type JsonObject = Readonly<Record<string, unknown>>;

const securityScheme = 'apiKey';

const commonAnswers = {
  400: 'The request is not what the operation takes; `field` names what to change.',
  401: 'No key, or none that is known.',
  403: 'The key lacks the scope.',
  429: 'Too many requests with this key; see Retry-After.',
} as const;

/**
 * The OpenAPI 3.1 document of these routes, made from the very schemas that check requests.
 *
 * Schemas with an id (`.meta({ id })`) become components; throws when two differ under one id.
 */
export function openapiDocument(version: string, routes: readonly DescribedRoute[]): JsonObject {
  const schemas = new ComponentSchemas();
  const error = { 'application/json': { schema: schemas.refer(errorBody, 'output') } };
  const responses = Object.fromEntries(
    Object.entries(commonAnswers).map(([status, description]) => [
      `Error${status}`,
      { description, content: error },
    ]),
  );
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.url.replace(/:([A-Za-z]+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Parley',
      version,
      description: 'Chat sessions, webhooks and dialog trees. Times are Unix milliseconds.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ [securityScheme]: [] }],
    tags: [...new Set(routes.map(({ api }) => api.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.all,
      responses,
      securitySchemes: { [securityScheme]: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operationOf({ api, scope }: DescribedRoute, schemas: ComponentSchemas): JsonObject {
  const parameters = [
    ...parametersOf('path', api.params, schemas),
    ...parametersOf('query', api.query, schemas),
    ...parametersOf('header', api.headers, schemas),
  ];
  const { body } = api;
  return {
    operationId: api.id,
    tags: [api.tag],
    summary: api.summary,
    security: [{ [securityScheme]: scope === undefined ? [] : [scope] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? {
          requestBody: {
            required: body.optional !== true,
            content: { [body.contentType]: { schema: schemas.refer(body.schema, 'input') } },
          },
        }
      : {}),
    responses: { ...answersOf(api, schemas), ...errorsOf(api) },
  };
}

function answersOf(api: ApiDescription, schemas: ComponentSchemas): JsonObject {
  const entries = Object.entries(api.answers).map(([status, { description, schema }]) => {
    const content = schema && { 'application/json': { schema: schemas.refer(schema, 'output') } };
    return [status, { description, ...(content ? { content } : {}) }] as const;
  });
  return Object.fromEntries(entries);
}

function errorsOf({ answers }: ApiDescription): JsonObject {
  const missing = Object.keys(commonAnswers).filter((status) => !Object.hasOwn(answers, status));
  return Object.fromEntries(
    missing.map((status) => [status, { $ref: `#/components/responses/Error${status}` }]),
  );
}

function parametersOf(
  place: 'path' | 'query' | 'header',
  fields: z.ZodObject | undefined,
  schemas: ComponentSchemas,
): JsonObject[] {
  return Object.entries((fields?.shape ?? {}) as Readonly<Record<string, z.ZodType>>).map(([name, field]) => {
    const { description, ...schema } = schemas.refer(field, 'output') as { description?: string };
    return {
      name,
      in: place,
      required: !z.object({ it: field }).safeParse({}).success,
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

/** JSON schemas of the document; those with an id stand once, under it. */
class ComponentSchemas {
  readonly #byId = new Map<string, JsonObject>();

  get all(): Readonly<Record<string, JsonObject>> {
    return Object.fromEntries([...this.#byId].sort(([a], [b]) => a.localeCompare(b)));
  }

  /** The schema itself, or a reference when it has an id. */
  refer(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
    // Inside another one, so that a schema with an id becomes a reference itself.
    const { $defs, properties } = z.toJSONSchema(z.object({ it: schema }), { io });
    for (const [id, definition] of Object.entries($defs ?? {})) this.#add(id, definition);
    return placed(properties?.['it'] as JsonObject);
  }

  #add(id: string, definition: JsonObject): void {
    const { id: _id, ...schema } = placed(definition);
    const known = this.#byId.get(id);
    if (known && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`two schemas have the id "${id}"`);
    this.#byId.set(id, schema);
  }
}

/** With references that lead to where the document keeps its schemas. */
function placed(schema: JsonObject): JsonObject {
  const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/');
  return JSON.parse(text) as JsonObject;
}

import type { z } from 'zod';

import type { ApiScope } from '../../config/sections/operation.js';

export interface ApiAnswer {
  readonly description: string;
  /** JSON; absent: no body. */
  readonly schema?: z.ZodType;
}

/** One operation of the HTTP API as the OpenAPI document tells it. */
export interface ApiDescription {
  /** `operationId`; code generators make a method name of it. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Request header fields, by their name. */
  readonly headers?: z.ZodObject;
  readonly body?: { readonly contentType: string; readonly schema: z.ZodType; readonly optional?: boolean };
  /** By status. Errors that every operation has (400, 401, ...) are added by who writes the document. */
  readonly answers: Readonly<Record<number, ApiAnswer>>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True for routes that need no API key. */
    readonly openToAll?: boolean;
    /** True for routes that any key may use. */
    readonly anyKey?: boolean;
    /** What a key must be allowed to do; without it, only keys that may do everything are. */
    readonly scope?: ApiScope;
    /** How the route stands in the OpenAPI document. */
    readonly api?: ApiDescription;
  }
}

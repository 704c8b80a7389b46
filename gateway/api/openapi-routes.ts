import { z } from 'zod';

import type { ApiDescription } from '../http/api-operation.js';
import type { Routes } from '../http/http-server.js';
import { openapiDocument, type DescribedRoute } from './openapi-document.js';

export interface OpenapiRoutesDeps {
  /** Of the program. */
  readonly version: string;
}

const describeDocument: ApiDescription = {
  id: 'getOpenapi',
  tag: 'operations',
  summary: 'This document.',
  answers: { 200: { description: 'An OpenAPI 3.1 document.', schema: z.looseObject({}) } },
};

/**
 * `/api/v1/openapi.json`: every route under /api/v1 of this server.
 *
 * Comes before the routes that it describes: it sees only those that are added after it.
 */
export function openapiRoutes({ version }: OpenapiRoutesDeps): Routes {
  return (app) => {
    const routes: DescribedRoute[] = [];
    let document: string | null = null;
    app.addHook('onRoute', ({ config, method, url }) => {
      const api = config?.api;
      if (api === undefined || typeof method !== 'string' || method === 'HEAD') return;
      const { scope } = config ?? {};
      routes.push({ method, url, api, ...(scope === undefined ? {} : { scope }) });
    });
    app.get(
      '/api/v1/openapi.json',
      { config: { anyKey: true, api: describeDocument } },
      (_request, reply) => {
        document ??= JSON.stringify(openapiDocument(version, routes));
        return reply.type('application/json; charset=utf-8').send(document);
      },
    );
  };
}

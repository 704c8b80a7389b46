import type { Clock } from '../../config/clock.js';
import type { Routes } from './http-server.js';
import type { Readiness } from './readiness.js';
import type { StatusBody, StatusFacts } from './status.js';
import { describeStatus } from './operations-api.js';
import { statusPage } from './status-page.js';

export interface OperationsDeps {
  readonly clock: Clock;
  readonly readiness: Readiness;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  status(): StatusFacts;
}

/** What operators and their machines ask: `/healthz`, `/readyz`, `/metrics`, `/api/v1/status` and the page at `/`. */
export function operationsRoutes(deps: OperationsDeps): Routes {
  const startedMs = deps.clock.nowMs();
  return (app) => {
    app.get('/healthz', { config: { openToAll: true } }, () => ({ ok: true }));

    app.get('/readyz', { config: { openToAll: true } }, async (_request, reply) => {
      const report = await deps.readiness.report();
      return reply.code(report.ready ? 200 : 503).send(report);
    });

    app.get('/metrics', { config: { scope: 'operations:read' } }, async (_request, reply) => {
      const text = await deps.metrics.text();
      return reply.type(deps.metrics.contentType).send(text);
    });

    app.get(
      '/api/v1/status',
      { config: { scope: 'operations:read', api: describeStatus } },
      async (): Promise<StatusBody> => {
        const readiness = await deps.readiness.report();
        const uptimeSeconds = Math.floor((deps.clock.nowMs() - startedMs) / 1_000);
        return { name: 'Parley', node: process.version, uptimeSeconds, readiness, ...deps.status() };
      },
    );

    app.get('/', { config: { scope: 'operations:read' } }, (_request, reply) =>
      reply
        .header('content-security-policy', statusPage.contentSecurityPolicy)
        .type('text/html; charset=utf-8')
        .send(statusPage.html),
    );
  };
}

import type { FastifyReply } from 'fastify';

import { webhookLimits } from '../../config/limits.js';
import { sendError } from '../http/errors.js';
import type { Routes } from '../http/http-server.js';
import type { DeadJob, SessionLog } from '../ports/session-log.js';
import { deliveryId, readPayload } from '../webhooks/delivery.js';
import type { WebhookConfig } from '../webhooks/webhook-config.js';
import type { WebhookDispatcher } from '../webhooks/webhook-dispatcher.js';
import { webhookKind } from '../webhooks/webhook-jobs.js';
import { refusal, serve, type ServeDeps } from './serve.js';
import {
  failedAnswer,
  failedParams,
  failedQuery,
  hookParams,
  hooksAnswer,
  retriedAnswer,
  testAnswer,
} from './webhook-schemas.js';

export interface WebhookRoutesDeps extends ServeDeps {
  readonly dispatcher: Pick<WebhookDispatcher, 'hooks' | 'readings' | 'test' | 'wake'>;
  readonly log: Pick<SessionLog, 'deadJobs' | 'reviveJob'>;
}

const unknown = refusal('There is no such webhook.');

const operations = {
  list: {
    id: 'listWebhooks',
    tag: 'webhooks',
    summary: 'The configured webhooks.',
    method: 'GET',
    path: '/api/v1/webhooks',
    scope: 'webhooks:read',
    answers: { 200: { description: 'The webhooks.', schema: hooksAnswer } },
  },
  failed: {
    id: 'listFailedDeliveries',
    tag: 'webhooks',
    summary: 'Deliveries that were given up, the latest first.',
    method: 'GET',
    path: '/api/v1/webhooks/:name/failed',
    scope: 'webhooks:read',
    params: hookParams,
    query: failedQuery,
    answers: { 200: { description: "Those of this tenant's events.", schema: failedAnswer }, 404: unknown },
  },
  retry: {
    id: 'retryFailedDelivery',
    tag: 'webhooks',
    summary: 'Make a delivery that was given up again, with all its attempts.',
    method: 'POST',
    path: '/api/v1/webhooks/:name/failed/:id/retry',
    scope: 'webhooks:write',
    params: failedParams,
    answers: {
      200: { description: 'It is due now.', schema: retriedAnswer },
      404: refusal('There is no such webhook or no such failed delivery.'),
    },
  },
  test: {
    id: 'testWebhook',
    tag: 'webhooks',
    summary: 'Send the event `test` once, now.',
    method: 'POST',
    path: '/api/v1/webhooks/:name/test',
    scope: 'webhooks:write',
    params: hookParams,
    answers: { 200: { description: 'What it came to.', schema: testAnswer }, 404: unknown },
  },
} as const;

/** Webhooks for operators: which there are, what was given up, making it again, and a test. */
export function webhookRoutes(deps: WebhookRoutesDeps): Routes {
  const { dispatcher, log } = deps;

  const find = (name: string, tenant: string): WebhookConfig | null =>
    dispatcher.hooks.find((hook) => hook.name === name && concerns(hook, tenant)) ?? null;

  return (app) => {
    serve(app, deps, operations.list, ({ tenant }, reply) => {
      const paused = new Set(
        dispatcher
          .readings()
          .filter((reading) => reading.paused)
          .map(({ hook }) => hook),
      );
      const webhooks = dispatcher.hooks
        .filter((hook) => concerns(hook, tenant))
        .map(({ events, name, tenant: only }) => ({ name, events, tenant: only, paused: paused.has(name) }));
      return reply.send({ webhooks });
    });

    serve(app, deps, operations.failed, async ({ params, query, tenant }, reply) => {
      if (!find(params.name, tenant)) return unknownHook(reply);
      const dead = await log.deadJobs({ tenant, kind: webhookKind(params.name), limit: query.limit });
      return reply.send({ failed: dead.map(viewDead) });
    });

    serve(app, deps, operations.retry, async ({ params, tenant }, reply) => {
      if (!find(params.name, tenant)) return unknownHook(reply);
      const kind = webhookKind(params.name);
      const dead = await log.deadJobs({ tenant, kind, limit: webhookLimits.failedPerPage });
      const isHere = dead.some(({ id }) => id === params.id);
      if (!isHere || !(await log.reviveJob(tenant, params.id)))
        return sendError(reply, 404, 'not-found', 'there is no such failed delivery');
      dispatcher.wake([{ kind }]);
      return reply.send({ id: params.id });
    });

    serve(app, deps, operations.test, async ({ params, tenant }, reply) => {
      const hook = find(params.name, tenant);
      const test = hook && (await dispatcher.test(hook.name, tenant));
      return test ? reply.send(test) : unknownHook(reply);
    });
  };
}

function concerns({ tenant: only }: WebhookConfig, tenant: string): boolean {
  return only === null || only === tenant;
}

function unknownHook(reply: FastifyReply): FastifyReply {
  return sendError(reply, 404, 'not-found', 'there is no such webhook');
}

function viewDead(job: DeadJob) {
  const { attempts, createdAtMs, diedAtMs, error, id, ref, seq } = job;
  return {
    id,
    delivery: deliveryId(job),
    event: readPayload(job)?.event ?? '',
    session: ref.sessionId,
    seq,
    error,
    attempts,
    createdAt: createdAtMs,
    diedAt: diedAtMs,
  };
}

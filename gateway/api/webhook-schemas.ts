import { z } from 'zod';

import { webhookLimits } from '../../config/limits.js';
import { integer } from './session-schemas.js';

const time = z.number().describe('Unix milliseconds.');

export const hookParams = z.strictObject({ name: z.string().describe('`name` under webhooks.') });

export const failedParams = hookParams.extend({
  id: integer(1, Number.MAX_SAFE_INTEGER).describe('`id` of a failed delivery.'),
});

export const failedQuery = z.strictObject({
  limit: integer(1, webhookLimits.failedPerPage).default(100),
});

export const hooksAnswer = z
  .strictObject({
    webhooks: z.array(
      z.strictObject({
        name: z.string(),
        events: z.array(z.string()),
        tenant: z.string().nullable().describe('Only its events; null: of all.'),
        paused: z.boolean().describe('It failed too often, and this node leaves it alone for a while.'),
      }),
    ),
  })
  .meta({ id: 'Webhooks' });

export const failedAnswer = z
  .strictObject({
    failed: z.array(
      z.strictObject({
        id: z.int(),
        delivery: z.string().describe('As in Parley-Delivery.'),
        event: z.string(),
        session: z.string(),
        seq: z.int().nullable().describe('Of the message.'),
        error: z.string().describe('Why the last attempt failed.'),
        attempts: z.int(),
        createdAt: time,
        diedAt: time,
      }),
    ),
  })
  .meta({ id: 'FailedDeliveries' });

export const retriedAnswer = z.strictObject({ id: z.int() }).meta({ id: 'RetriedDelivery' });

export const testAnswer = z
  .strictObject({
    delivery: z.string(),
    delivered: z.boolean(),
    status: z.int().nullable().describe('HTTP status; null: no answer came.'),
    reason: z.string().describe('Why it failed; empty where it did not.'),
    tookMs: z.int(),
  })
  .meta({ id: 'WebhookTest' });

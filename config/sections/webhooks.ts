import { z } from 'zod';

import { webhookLimits } from '../limits.js';
import { addressRange, list, name, secret } from './fields.js';

const webhook = z.strictObject({
  name: name.describe(
    'Shown in logs, metrics and the list of failed deliveries; what waits for it is kept under it.',
  ),
  url: z
    .url({ protocol: /^https?$/ })
    .max(1_024)
    .describe('Gets each event as a POST.'),
  secret: secret(16).describe(
    'Signs each delivery (HMAC-SHA256), 16 characters at least. ${ENV_NAME} or file:/path.',
  ),
  events: list(z.enum(['session.opened', 'session.ended', 'message.created']))
    .min(1)
    .default(['session.opened', 'session.ended', 'message.created'])
    .describe('What it gets.'),
  tenant: name.nullable().default(null).describe('Only events of this tenant; null = of all.'),
  allowPrivate: list(addressRange)
    .default([])
    .describe('Addresses (CIDR) that it may have although they are not public.'),
  timeoutMs: z.int().min(100).max(webhookLimits.timeoutMs).default(5_000).describe('Longest single attempt.'),
  attempts: z
    .int()
    .min(1)
    .max(webhookLimits.attempts)
    .default(12)
    .describe('After so many it goes to the list of failed ones.'),
});

export const webhooksSection = list(webhook)
  .max(webhookLimits.hooks)
  .default([])
  .meta({
    description: 'Systems that are told what happens in chat sessions.',
    examples: [
      [{ name: 'crm', url: 'https://crm.example.com/parley', secret: '${PARLEY_CRM_WEBHOOK_SECRET}' }],
    ],
  });

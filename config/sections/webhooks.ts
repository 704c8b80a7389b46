import { z } from 'zod';

import { addressRange, list, name, secret } from './fields.js';

const webhook = z.strictObject({
  name: name.describe('Shown in logs, metrics and the list of failed deliveries.'),
  url: z
    .url({ protocol: /^https?$/ })
    .max(1_024)
    .describe('Gets each event as a POST.'),
  secret: secret(16).describe('Signs each delivery (HMAC-SHA256). ${ENV_NAME} or file:/path.'),
  events: list(z.enum(['session.opened', 'session.ended', 'message.created']))
    .min(1)
    .default(['session.opened', 'session.ended', 'message.created'])
    .describe('What it gets.'),
  tenant: name.nullable().default(null).describe('Only events of this tenant; null = of all.'),
  allowPrivate: list(addressRange)
    .default([])
    .describe('Addresses (CIDR) that it may have although they are not public.'),
  timeoutMs: z.int().min(100).max(60_000).default(5_000).describe('Longest single attempt.'),
  attempts: z.int().min(1).max(50).default(12).describe('After so many it goes to the list of failed ones.'),
});

export const webhooksSection = list(webhook)
  .default([])
  .describe('Systems that are told what happens in chat sessions.');

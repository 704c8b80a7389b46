import { z } from 'zod';

import { apiLimits, gatewayLimits } from '../limits.js';
import { list, name, secret } from './fields.js';

export const loggingSection = z
  .strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least severe level printed.'),
    format: z
      .enum(['auto', 'pretty', 'json'])
      .default('auto')
      .describe('auto: readable lines on a terminal, JSON otherwise.'),
    pii: z
      .boolean()
      .default(false)
      .describe('Print what people said and their numbers. Credentials are never printed.'),
  })
  .prefault({})
  .describe('Logs, on standard output.');

export const drainSection = z
  .strictObject({
    seconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(gatewayLimits.drainMs / 1_000)
      .describe('After SIGTERM, calls may go on for this long.'),
  })
  .prefault({})
  .describe('Shutting down.');

/** What a key may do over HTTP: a kind of thing, and reading or changing it. */
export const apiScopes = [
  'sessions:read',
  'sessions:write',
  'messages:read',
  'messages:write',
  'presence:read',
  'webhooks:read',
  'webhooks:write',
  'trees:read',
  'trees:write',
  'operations:read',
] as const;

export type ApiScope = (typeof apiScopes)[number];

const requestsPer10s = z.int().min(1).max(1_000_000);

const namedKey = z.strictObject({
  name: name.describe(
    'Shown in logs, and the sender of what is written with it; unlike that of every other key.',
  ),
  key: secret(16).describe('The key itself, 16 characters at least. ${ENV_NAME} or file:/path.'),
  scopes: list(z.enum(apiScopes)).min(1).describe('All that it may do.'),
  tenant: name.nullable().default(null).describe('The only tenant that it sees; null = every tenant.'),
  requestsPer10s: requestsPer10s.nullable().default(null).describe('null = security.requestsPer10s.'),
});

export const securitySection = z
  .strictObject({
    apiKeys: list(secret(16))
      .prefault([])
      .meta({
        description:
          "Keys that may do everything, for everything over HTTP except /healthz and /readyz (Authorization: Bearer, or a browser's password prompt), 16 characters at least. Write ${ENV_NAME} or file:/path, not the key itself. Without these and security.keys: open.",
        examples: [['${PARLEY_API_KEY}', 'file:/run/secrets/parley-api-key']],
      }),
    keys: list(namedKey)
      .default([])
      .meta({
        description: 'Keys that may do less, and have a name.',
        examples: [
          [
            {
              name: 'crm',
              key: '${PARLEY_CRM_KEY}',
              scopes: ['sessions:read', 'messages:read', 'messages:write'],
              tenant: 'default',
            },
          ],
        ],
      }),
    requestsPer10s: requestsPer10s
      .default(apiLimits.requestsPer10s)
      .describe('Requests to /api/v1 that one key may make at once, and on average in ten seconds.'),
  })
  .prefault({})
  .describe('Who may use the HTTP interface.');

import { z } from 'zod';

import { gatewayLimits } from '../limits.js';
import { list, secret } from './fields.js';

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

export const securitySection = z
  .strictObject({
    apiKeys: list(secret(16))
      .prefault([])
      .meta({
        description:
          "Keys for everything over HTTP except /healthz and /readyz (Authorization: Bearer, or a browser's password prompt), 16 characters at least. Write ${ENV_NAME} or file:/path, not the key itself. Empty = open.",
        examples: [['${PARLEY_API_KEY}', 'file:/run/secrets/parley-api-key']],
      }),
  })
  .prefault({})
  .describe('Who may use the HTTP interface.');

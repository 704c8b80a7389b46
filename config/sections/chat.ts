import { z } from 'zod';

import { chatLimits } from '../limits.js';
import { list, name, secret } from './fields.js';

const origin = z.string().regex(/^https?:\/\/[^\s/?#@]+$/, {
  error: 'not an origin: scheme://host[:port], without a path',
});

const tokens = z
  .strictObject({
    secret: secret(32).nullable().default(null).meta({
      writeOnly: true,
      description:
        'Signs HS256 tokens of your own application, 32 characters at least. ${ENV_NAME} or file:/path.',
    }),
    jwksUrl: z
      .url({ protocol: /^https?$/ })
      .max(1_024)
      .nullable()
      .default(null)
      .describe('Public keys (JWKS) of the issuer of RS256 and ES256 tokens.'),
    issuer: z.string().max(256).nullable().default(null).describe('Wanted `iss`; null = any.'),
    audience: z.string().max(256).nullable().default(null).describe('Wanted `aud`; null = any.'),
    tenantClaim: name.default('tenant').describe('Claim that names the tenant; without it, chat.tenant.'),
  })
  .prefault({})
  .describe('Tokens (JWT) that your application gives its users; `sub` is the user.');

const visitors = z
  .strictObject({
    enabled: z
      .boolean()
      .nullable()
      .default(null)
      .describe('Anybody may chat without an account; null = only while no other machine reaches http.'),
    secret: secret(32).nullable().default(null).meta({
      writeOnly: true,
      description:
        'Signs the tokens of visitors, the same on all nodes, 32 characters at least; null = made at the first start and kept under dialog.dataDirectory.',
    }),
    hours: z.number().min(0.1).max(8_760).default(720).describe('How long a visitor is known again.'),
    perIpPerMinute: z.int().min(1).max(100_000).default(30).describe('New visitors of one address.'),
  })
  .prefault({})
  .describe('Visitors of the chat page, who get a token from Parley itself.');

const rates = z
  .strictObject({
    messagesPer10s: z
      .int()
      .min(1)
      .max(10_000)
      .default(chatLimits.messagesPer10s)
      .describe('Messages of one user in any ten seconds; more are refused.'),
    framesPer10s: z
      .int()
      .min(10)
      .max(100_000)
      .default(chatLimits.framesPer10s)
      .describe('Frames of one connection in any ten seconds; more close it.'),
    connectionsPerUser: z.int().min(1).max(1_000).default(10).describe('Connections of one user on a node.'),
    connectionsPerIp: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(200)
      .describe('Connections of one address on a node.'),
    helloPerIpPer10s: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe('New connections of one address in any ten seconds.'),
  })
  .prefault({})
  .describe('What one user, connection or address may do.');

export const chatSection = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Serve /chat and /ws.'),
    tenant: name.default('default').describe('Tenant of visitors and of tokens that name none.'),
    tree: name.nullable().default(null).describe('Key of dialog.trees that answers; null = dialog.tree.'),
    origins: list(origin)
      .default([])
      .meta({
        description: 'Other sites whose pages may connect (Origin); its own pages always may.',
        examples: [['https://www.example.com']],
      }),
    trustProxies: z
      .int()
      .min(0)
      .max(10)
      .default(0)
      .describe('Proxies in front that add to X-Forwarded-For; 0 = the address of the connection counts.'),
    tokens,
    visitors,
    rates,
    maxConnections: z.int().min(1).max(1_000_000).default(20_000).describe('Chat connections of this node.'),
    noInputSeconds: z
      .int()
      .min(5)
      .max(86_400)
      .default(300)
      .describe("Silence before the tree's no-input prompt, where the tree does not ask for longer."),
    idleHours: z
      .number()
      .min(0.1)
      .max(8_760)
      .default(24)
      .describe('A session without a message for so long is ended.'),
    drainSeconds: z
      .int()
      .min(0)
      .max(600)
      .default(10)
      .describe('After SIGTERM, connections are sent elsewhere evenly over this time.'),
    deadAfterSeconds: z
      .int()
      .min(2)
      .max(300)
      .default(10)
      .describe('A node that has not been heard of for so long is dead, and its sessions go on elsewhere.'),
  })
  .prefault({})
  .describe('Chat over WebSocket.');

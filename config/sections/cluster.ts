import { z } from 'zod';

import { list, name, secret } from './fields.js';

export const nodeSection = z
  .strictObject({
    id: name
      .nullable()
      .default(null)
      .describe('Name of this node, unlike that of every other; null = a new one at each start.'),
    address: z
      .string()
      .max(256)
      .default('')
      .describe('Where other people reach its HTTP port, shown to operators; empty = unknown.'),
  })
  .prefault({})
  .describe('This node, among others.');

const hostPort = z
  .string()
  .max(300)
  .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, { error: 'not host:port' });

export const redisSection = z
  .strictObject({
    mode: z
      .enum(['none', 'single', 'sentinel', 'cluster'])
      .default('none')
      .describe('none: one node, everything in memory. Otherwise how Redis is run.'),
    nodes: list(hostPort)
      .default(['127.0.0.1:6379'])
      .meta({
        description: 'host:port of the server, of the sentinels, or of some masters of the cluster.',
        examples: [['10.0.0.5:6379']],
      }),
    sentinelName: name.default('mymaster').describe('Name of the master that the sentinels watch.'),
    username: z.string().max(128).default('').describe('ACL user; empty = none.'),
    password: secret(1)
      .nullable()
      .default(null)
      .meta({ writeOnly: true, description: 'Write ${ENV_NAME} or file:/path; null = none.' }),
    tls: z.boolean().default(false).describe('Speak TLS, and check the certificate.'),
    keyPrefix: name.default('gw').describe('Begins every key and channel.'),
  })
  .prefault({})
  .describe(
    'The user-to-node mapping and the wake-ups between nodes. No message is kept in it: losing it loses nothing.',
  );

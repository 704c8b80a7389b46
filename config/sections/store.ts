import { z } from 'zod';

import { secret } from './fields.js';

const path = z.string().min(1).max(1_024);

export const storeSection = z
  .strictObject({
    kind: z
      .enum(['sqlite', 'postgres', 'memory'])
      .default('sqlite')
      .describe(
        'sqlite: a file, for one node. postgres: a server, for one or more nodes. memory: nothing survives a restart.',
      ),
    file: path
      .default('./data/parley.sqlite')
      .describe('File of sqlite, relative to this file; made when needed.'),
    synchronous: z
      .enum(['full', 'normal'])
      .default('full')
      .describe(
        'full: what sqlite has acknowledged survives the loss of power. normal: only the death of the process; several times as fast with few callers.',
      ),
    url: secret(1)
      .nullable()
      .default(null)
      .meta({
        writeOnly: true,
        description:
          'Of the PostgreSQL server: postgres://user:password@host:5432/database. Write ${ENV_NAME} or file:/path.',
        examples: ['${PARLEY_POSTGRES_URL}'],
      }),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'not a PostgreSQL schema name in lower case' })
      .default('parley')
      .describe('PostgreSQL schema that the tables are made in.'),
    connections: z.int().min(1).max(200).default(10).describe('Connections to PostgreSQL.'),
    retentionDays: z
      .number()
      .min(0.01)
      .max(36_500)
      .default(365)
      .describe('Ended sessions are kept for so long, then archived and removed.'),
    archiveDirectory: path
      .nullable()
      .default(null)
      .describe('Where removed sessions are written as JSON lines, relative to this file; null = nowhere.'),
  })
  .prefault({})
  .describe('The log of chat sessions.');

import { z } from 'zod';

import type { ApiDescription } from './api-operation.js';
import type { StatusBody } from './status.js';

const listener = z.strictObject({
  protocol: z.enum(['http', 'sip', 'mrcp', 'rtp']),
  transport: z.enum(['tcp', 'udp']),
  address: z.string(),
  ports: z.string().describe('One port (5060) or a range (30000-31999).'),
});

const engine = z.strictObject({
  kind: z.enum(['recognizer', 'synthesizer', 'scorer']),
  name: z.string(),
  languages: z.array(z.string()).readonly(),
  available: z.boolean(),
  detail: z.string().describe('Version, or why it is not available and what to do.'),
});

const liveNumber = z.strictObject({
  label: z.string(),
  value: z.number(),
  most: z.number().exactOptional().describe('Its bound.'),
  unit: z.enum(['count', 'percent', 'bytes', 'ms']).exactOptional(),
});

const chat = z.strictObject({
  page: z.string().describe('Path of the page for people.'),
  socket: z.string().describe('Path of the WebSocket.'),
  store: z.enum(['memory', 'sqlite', 'postgres']),
  routing: z
    .strictObject({
      connected: z.boolean(),
      livingNodes: z.int().min(0).describe('This one included.'),
    })
    .nullable()
    .describe('null: this node is alone.'),
});

const readiness = z.strictObject({
  ready: z.boolean(),
  draining: z.boolean(),
  checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() })).readonly(),
});

const status: z.ZodType<StatusBody> = z
  .strictObject({
    name: z.literal('Parley'),
    node: z.string().describe('Version of Node.js.'),
    uptimeSeconds: z.int().min(0),
    version: z.string(),
    readiness,
    listeners: z.array(listener).readonly(),
    engines: z.array(engine).readonly(),
    trees: z
      .array(
        z.strictObject({
          id: z.string(),
          language: z.string(),
          nodes: z.int().min(0),
          active: z.boolean().describe('It answers when nothing chooses another.'),
        }),
      )
      .readonly(),
    chat: chat.nullable().describe('null: chat is switched off.'),
    live: z.array(liveNumber).readonly(),
  })
  .meta({ id: 'Status' });

export const describeStatus: ApiDescription = {
  id: 'getStatus',
  tag: 'operations',
  summary: 'What this node is, listens on and runs.',
  answers: { 200: { description: 'The node.', schema: status } },
};

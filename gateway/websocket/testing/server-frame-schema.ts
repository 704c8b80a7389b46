import { z } from 'zod';

import type { ServerFrame } from '../protocol.js';

const count = z.int().min(0);
const text = z.string();
const author = z.enum(['user', 'bot', 'agent', 'system']);
const toType = z.enum(['bot', 'human']);
const button = z.strictObject({ title: text, value: text });

const body = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    text,
    value: text.optional(),
    quickReplies: z.array(button).optional(),
    card: z
      .strictObject({
        title: text,
        text,
        image: text.nullable(),
        url: text.nullable(),
        buttons: z.array(button),
      })
      .optional(),
  }),
  z.strictObject({
    type: z.literal('event'),
    event: z.enum(['ended', 'failed', 'handover', 'handover-failed', 'handed-back', 'transfer']),
    text,
  }),
]);

const message = {
  seq: z.int().min(1),
  author,
  id: text.optional(),
  name: text.optional(),
  at: count,
  body,
};

/** Every frame of a server, with nothing more in it than the protocol says; for tests and their clients. */
export const serverFrame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ready'),
    version: z.literal(1),
    session: text,
    user: text,
    connection: text,
    seq: count,
    since: count,
    ended: z.boolean(),
    toType,
    limits: z.strictObject({
      frameBytes: count,
      textCharacters: count,
      messagesPer10s: count,
      unacknowledged: count,
    }),
    tokenExpires: count,
  }),
  z.strictObject({ type: z.literal('message'), ...message }),
  z.strictObject({
    type: z.literal('ack'),
    id: text,
    seq: z.int().min(1),
    at: count,
    duplicate: z.literal(true).optional(),
  }),
  z.strictObject({ type: z.literal('history'), before: count, messages: z.array(z.strictObject(message)) }),
  z.strictObject({ type: z.literal('typing'), author, name: text.optional(), on: z.boolean() }),
  z.strictObject({
    type: z.literal('marks'),
    reader: text,
    marks: z.strictObject({ delivered: count, read: count }),
  }),
  z.strictObject({ type: z.literal('state'), ended: z.boolean(), toType }),
  z.strictObject({ type: z.literal('refreshed'), tokenExpires: count }),
  z.strictObject({ type: z.literal('reconnect'), afterMs: count }),
  z.strictObject({ type: z.literal('pong'), id: count }),
  z.strictObject({
    type: z.literal('error'),
    code: z.enum(['bad-frame', 'too-long', 'rate', 'ended', 'unavailable', 'unauthorized', 'full']),
    message: text,
    field: text.optional(),
    id: text.optional(),
    retryAfterMs: count.optional(),
  }),
]);

/** Throws when it is none. */
export function readServerFrame(data: string): ServerFrame {
  return serverFrame.parse(JSON.parse(data)) as ServerFrame;
}

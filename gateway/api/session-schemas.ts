import { z } from 'zod';

import { apiLimits, chatLimits, dialogLimits, logLimits } from '../../config/limits.js';
import { name } from '../../config/sections/fields.js';

/** Neither NUL nor half a character, which stores refuse; `\p{Cs}` is a surrogate without its other half. */
const storable = /^(?:(?!\0)\P{Cs})*$/u;

function text(most: number, least = 0) {
  return z.string().min(least).max(most).regex(storable, { error: 'holds NUL or half a character' });
}

/** What the log takes for a name. */
function nameText(most: number) {
  return text(most, 1).regex(/^\P{Cc}*$/u, { error: 'holds a control character' });
}

/** Who a session is with: whatever the application calls its users. */
const userId = nameText(apiLimits.userCharacters);

const sessionId = nameText(logLimits.nameCharacters);

const ingress = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, { error: 'not the name of an ingress, such as chat or wechat' });

/** A number in a query or a path. */
export function integer(least: number, most: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
    z.int().min(least).max(most),
  );
}

const time = z.number().describe('Unix milliseconds.');
const seq = z.int().min(0);

export const sessionParams = z.strictObject({ id: sessionId.describe('The session.') });
export const userParams = z.strictObject({ user: userId.describe('The user.') });

export const sessionListQuery = z.strictObject({
  user: userId.optional().describe('Only of this user.'),
  state: z.enum(['open', 'ended']).optional(),
  before: sessionId.optional().describe('Only sessions made before this one: `next` of the page before.'),
  limit: integer(1, apiLimits.mostSessionsPerPage).default(apiLimits.sessionsPerPage),
});

export const messageListQuery = z.strictObject({
  after: integer(0, Number.MAX_SAFE_INTEGER).default(0).describe('The last sequence number that you have.'),
  limit: integer(1, apiLimits.mostMessagesPerPage).default(apiLimits.messagesPerPage),
});

export const openBody = z
  .strictObject({
    user: userId,
    tree: name.nullable().default(null).describe('Key of dialog.trees for a new session; null = chat.tree.'),
    ingress: ingress.default('chat'),
  })
  .meta({ id: 'OpenSession' });

export const endBody = z
  .strictObject({ text: text(chatLimits.textCharacters).default('').describe('For the people in it.') })
  .meta({ id: 'EndSession' });

const quickReplies = z
  .array(
    z.strictObject({
      title: text(apiLimits.titleCharacters, 1).describe('Shown on the button.'),
      value: text(chatLimits.textCharacters, 1).describe('What is sent when it is pressed.'),
    }),
  )
  .max(dialogLimits.quickReplies);

function link(protocol: RegExp) {
  return z.url({ protocol }).max(apiLimits.urlCharacters).nullable().default(null);
}

const card = z.strictObject({
  title: text(apiLimits.titleCharacters, 1),
  text: text(chatLimits.textCharacters).default(''),
  image: link(/^https$/).describe('https URL.'),
  url: link(/^https?$/),
  buttons: quickReplies.default([]),
});

const messageShape = {
  text: text(chatLimits.textCharacters, 1),
  quickReplies: quickReplies.optional(),
  card: card.optional(),
  author: z.enum(['system', 'agent']).default('system'),
  name: nameText(apiLimits.titleCharacters)
    .optional()
    .describe('Of the agent; the name of the key without it.'),
};

export const messageBody = z.strictObject(messageShape).meta({ id: 'NewMessage' });

export const userMessageBody = z
  .strictObject({
    ...messageShape,
    tree: name.nullable().default(null).describe('For a new session; null = chat.tree.'),
    ingress: ingress.default('chat').describe('Whose open session it is.'),
  })
  .meta({ id: 'NewUserMessage' });

export type NewMessageInput = z.output<typeof messageBody>;

/** RFC 9110 does not name it; the charset is that of client ids. */
export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(new RegExp(`^[A-Za-z0-9._:-]{1,${apiLimits.idempotencyKeyCharacters}}$`), {
      error: '1 to 64 of A-Za-z0-9._:- are wanted',
    })
    .exactOptional()
    .describe('The same for each attempt at one message: then it is written once.'),
});

const markSchema = z.strictObject({ delivered: seq, read: seq });

const sessionShape = {
  id: z.string(),
  tenant: z.string(),
  user: z.string(),
  ingress: z.string(),
  tree: z.string().nullable(),
  state: z.enum(['open', 'ended']),
  toType: z.enum(['bot', 'human']).describe('Whose turn it is to answer the user.'),
  lastSeq: seq.describe('Its newest message; 0 before the first.'),
  createdAt: time,
  lastAt: time,
  endedAt: time.nullable(),
  owner: z
    .strictObject({ node: z.string(), lives: z.boolean() })
    .nullable()
    .describe('The node that runs its dialog.'),
};

export const sessionAnswer = z.strictObject(sessionShape).meta({ id: 'Session' });

export const sessionWithMarks = z
  .strictObject({
    ...sessionShape,
    marks: z.record(z.string(), markSchema).describe('What each reader has got and seen.'),
  })
  .meta({ id: 'SessionWithMarks' });

export const sessionListAnswer = z
  .strictObject({
    sessions: z.array(sessionAnswer).describe('Newest first.'),
    next: z.string().nullable().describe('`before` of the next page; null: this was the last.'),
  })
  .meta({ id: 'Sessions' });

const button = z.strictObject({ title: z.string(), value: z.string() });

const bodyAnswer = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('text'),
      text: z.string(),
      value: z.string().exactOptional(),
      quickReplies: z.array(button).readonly().exactOptional(),
      card: z
        .strictObject({
          title: z.string(),
          text: z.string(),
          image: z.string().nullable(),
          url: z.string().nullable(),
          buttons: z.array(button).readonly(),
        })
        .exactOptional(),
    }),
    z.strictObject({
      type: z.literal('event'),
      event: z.enum(['ended', 'failed', 'handover', 'handover-failed', 'handed-back', 'transfer']),
      text: z.string(),
    }),
  ])
  .meta({ id: 'MessageBody' });

export const messageAnswer = z
  .strictObject({
    seq: seq.min(1),
    author: z.enum(['user', 'bot', 'agent', 'system']),
    sender: z.string().describe('User, agent or API key; empty for the bot.'),
    id: z.string().nullable().describe('As its sender gave it.'),
    at: time,
    body: bodyAnswer,
  })
  .meta({ id: 'Message' });

export const messageListAnswer = z
  .strictObject({
    messages: z.array(messageAnswer).describe('Oldest first, without a gap.'),
    lastSeq: seq.describe('The newest message of the session.'),
  })
  .meta({ id: 'Messages' });

export const postedAnswer = z
  .strictObject({ session: z.string(), seq: seq.min(1), at: time })
  .meta({ id: 'PostedMessage' });

export const presenceAnswer = z
  .strictObject({
    user: z.string(),
    fresh: z.boolean().describe('False: the mapping is away, and this may be out of date.'),
    devices: z.array(
      z.strictObject({
        device: z.string(),
        ingress: z.string(),
        node: z.string(),
      }),
    ),
  })
  .meta({ id: 'Presence' });

export const nodesAnswer = z
  .strictObject({
    connected: z.boolean().describe('False: this node is cut off from the others.'),
    nodes: z.array(
      z.strictObject({
        id: z.string(),
        address: z.string().describe('Where its HTTP port is reached; empty: unknown.'),
        state: z.enum(['up', 'draining']),
        connections: z.int().min(0),
        self: z.boolean().describe('It is the one that answers this.'),
      }),
    ),
  })
  .meta({ id: 'Nodes' });

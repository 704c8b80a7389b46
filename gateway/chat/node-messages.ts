import { z } from 'zod';

import { chatLimits } from '../../config/limits.js';
import type { Json, LogMessage, SessionRef } from '../ports/session-log.js';
import type { MessageBody } from '../websocket/protocol.js';
import type { Signal } from './chat-sessions.js';

/** What nodes tell each other about chat sessions; all of it may be lost without harm. */
export const topics = {
  /** To the owner: input waits. */
  wake: 'chat.wake',
  /** To the owner: the user has been silent. */
  silent: 'chat.silent',
  /** To nodes that a user is connected to: what the log holds now. */
  news: 'chat.news',
  signal: 'chat.signal',
} as const;

const name = z.string().min(1).max(256);
const ref = z.object({ tenant: name, sessionId: name });
const seq = z.int().min(0);
const author = z.enum(['user', 'bot', 'agent', 'system']);

const wake = z.object({ ref, inputSeq: seq });
const silent = z.object({ ref, after: seq });
const message = z.object({
  seq,
  author,
  senderId: z.string(),
  clientId: z.string().nullable(),
  // Checked before it was kept.
  body: z.custom<MessageBody>((value) => typeof value === 'object' && value !== null && 'type' in value),
  atMs: z.number(),
});
const news = z.object({ ref, head: seq, messages: z.array(message) });
const marks = z.object({ delivered: seq, read: seq });
const signal = z.object({
  ref,
  signal: z.discriminatedUnion('type', [
    z.object({ type: z.literal('typing'), author, name: z.string().exactOptional(), on: z.boolean() }),
    z.object({ type: z.literal('marks'), reader: z.string(), marks }),
    z.object({ type: z.literal('state'), ended: z.boolean(), toType: z.enum(['bot', 'human']) }),
  ]),
});

export interface News {
  readonly ref: SessionRef;
  /** Number of the newest message. */
  readonly head: number;
  /** The newest messages, where they are not too large to come along. */
  readonly messages: readonly LogMessage[];
}

/** Null: another version of Parley wrote it, or nobody of ours. */
export function readWake(payload: Json): { readonly ref: SessionRef; readonly inputSeq: number } | null {
  return wake.safeParse(payload).data ?? null;
}

export function readSilent(payload: Json): { readonly ref: SessionRef; readonly after: number } | null {
  return silent.safeParse(payload).data ?? null;
}

export function readNews(payload: Json): News | null {
  return news.safeParse(payload).data ?? null;
}

export function readSignal(payload: Json): { readonly ref: SessionRef; readonly signal: Signal } | null {
  return signal.safeParse(payload).data ?? null;
}

export function wakeJson(ref: SessionRef, inputSeq: number): Json {
  return { ref: refJson(ref), inputSeq };
}

export function silentJson(ref: SessionRef, after: number): Json {
  return { ref: refJson(ref), after };
}

/** Messages that are too large together are left out: they are read from the log. */
export function newsJson(ref: SessionRef, head: number, messages: readonly LogMessage[]): Json {
  const fits = JSON.stringify(messages).length <= chatLimits.newsCharacters;
  return { ref: refJson(ref), head, messages: fits ? messages.map(plain) : [] };
}

export function signalJson(ref: SessionRef, signal: Signal): Json {
  return { ref: refJson(ref), signal: plain(signal) };
}

function refJson({ sessionId, tenant }: SessionRef): Json {
  return { tenant, sessionId };
}

/** These types are JSON, which the compiler does not see of interfaces. */
function plain(value: LogMessage | Signal): Json {
  return value as unknown as Json;
}

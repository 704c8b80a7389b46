import type { Signal } from '../chat/chat-sessions.js';
import type { LogMessage } from '../ports/session-log.js';
import type { ChatMessage, ServerFrame } from './protocol.js';

type PlainFrame = Exclude<ServerFrame, { readonly type: 'message' | 'ack' | 'history' | 'pong' }>;

/** Made once for all connections of a session, which are given the same objects. */
const messageFrames = new WeakMap<LogMessage, Buffer>();
const signalFrames = new WeakMap<Signal, Buffer>();

/** A message as a frame; the same bytes for every connection, not to be changed. */
export function messageFrame(message: LogMessage): Buffer {
  const made = messageFrames.get(message);
  if (made) return made;
  const frame = Buffer.from(`{"type":"message",${messageText(message).slice(1)}`);
  messageFrames.set(message, frame);
  return frame;
}

/** As `messageFrame`. */
export function signalFrame(signal: Signal): Buffer {
  const made = signalFrames.get(signal);
  if (made) return made;
  const frame = plainFrame(signal);
  signalFrames.set(signal, frame);
  return frame;
}

/** Ids are `A-Za-z0-9._-` and need no escape. */
export function ackFrame(id: string, seq: number, atMs: number, duplicate: boolean): Buffer {
  return Buffer.from(
    `{"type":"ack","id":"${id}","seq":${seq},"at":${atMs}${duplicate ? ',"duplicate":true' : ''}}`,
  );
}

export function pongFrame(id: number): Buffer {
  return Buffer.from(`{"type":"pong","id":${id}}`);
}

/** The newest of the messages that fit into `mostBytes`, one at least, in order. */
export function historyFrame(before: number, messages: readonly LogMessage[], mostBytes: number): Buffer {
  const texts: string[] = [];
  let bytes = 0;
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (!message) continue;
    const text = messageText(message);
    bytes += Buffer.byteLength(text);
    if (texts.length > 0 && bytes > mostBytes) break;
    texts.push(text);
  }
  return Buffer.from(`{"type":"history","before":${before},"messages":[${texts.reverse().join(',')}]}`);
}

export function plainFrame(frame: PlainFrame): Buffer {
  return Buffer.from(JSON.stringify(frame));
}

function messageText(message: LogMessage): string {
  return JSON.stringify(chatMessage(message));
}

function chatMessage({ atMs, author, body, clientId, senderId, seq }: LogMessage): ChatMessage {
  return {
    seq,
    author,
    ...(clientId === null ? {} : { id: clientId }),
    ...(author === 'agent' && senderId !== '' ? { name: senderId } : {}),
    at: atMs,
    body,
  };
}

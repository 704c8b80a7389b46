import { closeCodes } from '../../gateway/websocket/protocol.js';
import type { ChatMessage } from '../../gateway/websocket/protocol.js';

export type ClientState = 'idle' | 'connecting' | 'greeting' | 'open' | 'waiting' | 'closed';

/** Why a client is closed and does not come back by itself. */
export type ClosedReason =
  'stopped' | 'unauthorized' | 'forbidden' | 'taken-over' | 'unknown-session' | 'old-version' | 'refused';

/** What `ChatClient` tells; every method is called after the client's own state has changed, and must not throw. */
export interface ChatListener {
  onState(): void;
  /** New messages at the end, in order. */
  onMessages(added: readonly ChatMessage[]): void;
  /** Older messages in front, in order; empty: there are no more that can be held. */
  onOlder(added: readonly ChatMessage[]): void;
  /** Messages are gone: draw all again. */
  onReset(): void;
  onOutbox(): void;
  onTyping(): void;
  onMarks(): void;
}

const nextStates: Readonly<Record<ClientState, readonly ClientState[]>> = {
  idle: ['connecting', 'closed'],
  connecting: ['greeting', 'waiting', 'closed'],
  greeting: ['open', 'waiting', 'closed'],
  open: ['waiting', 'closed'],
  waiting: ['connecting', 'closed'],
  closed: ['connecting'],
};

/** Throws for a move that the drawing in chat-client.ts does not have: a fault of the client itself. */
export function assertMove(from: ClientState, to: ClientState): void {
  if (!nextStates[from].includes(to)) throw new Error(`a chat client cannot go from ${from} to ${to}`);
}

export function reasonOfCode(code: number): ClosedReason {
  switch (code) {
    case closeCodes.unauthorized:
      return 'unauthorized';
    case closeCodes.forbidden:
      return 'forbidden';
    case closeCodes.takenOver:
      return 'taken-over';
    case closeCodes.unknownSession:
      return 'unknown-session';
    case closeCodes.unsupportedVersion:
      return 'old-version';
    default:
      return 'refused';
  }
}

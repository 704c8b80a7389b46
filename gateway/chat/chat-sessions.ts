import type {
  LogMessage,
  SessionHead,
  SessionQuery,
  SessionRecord,
  SessionRef,
} from '../ports/session-log.js';
import type { UserKey } from '../ports/router.js';
import type { Author, Marks, MessageBody } from '../websocket/protocol.js';

/** Ephemeral things that are pushed and never kept. */
export type Signal =
  | { readonly type: 'typing'; readonly author: Author; readonly name?: string; readonly on: boolean }
  | { readonly type: 'marks'; readonly reader: string; readonly marks: Marks }
  | { readonly type: 'state'; readonly ended: boolean; readonly toType: 'bot' | 'human' };

/** A connection (or a WeChat account) that follows a session on this node. Methods are synchronous and must not throw. */
export interface Subscriber {
  /**
   * The next messages in order, without gap or repetition. False: no more now; the same messages come again after
   * `Attachment.resume`.
   */
  push(messages: readonly LogMessage[]): boolean;
  signal(signal: Signal): void;
  /** Messages cannot be read any more (the log is away for too long); the connection should be closed to try again. */
  failed(reason: string): void;
}

/** One subscriber's place in a session. */
export interface Attachment {
  /** From where messages follow. */
  readonly since: number;
  readonly head: SessionHead;
  /** Takes up pushing after `push` said false. */
  resume(): void;
  /** No more calls after this; idempotent. */
  detach(): void;
}

export interface SubmitRequest {
  readonly author: Author;
  /** User id, agent id or API key name. */
  readonly senderId: string;
  readonly clientId: string | null;
  readonly body: MessageBody;
}

export type SubmitResult =
  | { readonly outcome: 'appended' | 'duplicate'; readonly seq: number; readonly atMs: number }
  | { readonly outcome: 'unknown-session' | 'ended' | 'full' | 'conflict' | 'unavailable' };

/**
 * Chat sessions wherever they run: what sockets, the HTTP API, WeChat and agents talk to.
 *
 * A message is durable when `submit` resolves; answers come to every subscriber of the session on every node.
 */
export interface ChatSessions {
  /** The user's open session or a new one, whose bot then greets. Rejects with LogError. */
  open(request: {
    readonly user: UserKey;
    readonly ingress: string;
    readonly tree: string | null;
  }): Promise<{ readonly record: SessionRecord; readonly created: boolean }>;
  session(ref: SessionRef): Promise<SessionRecord | null>;
  list(query: SessionQuery): Promise<readonly SessionRecord[]>;
  /** `since` past the newest message counts as 0. Null: there is no such session. Rejects with LogError. */
  attach(ref: SessionRef, since: number, subscriber: Subscriber): Promise<Attachment | null>;
  submit(ref: SessionRef, request: SubmitRequest): Promise<SubmitResult>;
  read(ref: SessionRef, after: number, limit: number): Promise<readonly LogMessage[]>;
  mark(ref: SessionRef, reader: string, marks: Partial<Marks>): Promise<void>;
  marks(ref: SessionRef): Promise<ReadonlyMap<string, Marks>>;
  typing(ref: SessionRef, from: { readonly author: Author; readonly name?: string }, on: boolean): void;
  /** False: it was not open. */
  end(ref: SessionRef, by: Author, text: string): Promise<boolean>;
}

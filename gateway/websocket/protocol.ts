/**
 * The chat protocol: JSON text frames between a client and `/ws`. Types only, so that a browser imports them, too.
 *
 * The page with examples is gateway/websocket/README.md. Sequence numbers count the messages of one session from 1
 * without a gap. Times are Unix milliseconds.
 */

/** Versions this server speaks; the highest that both speak is used. */
export type ProtocolVersion = 1;

export type Author = 'user' | 'bot' | 'agent' | 'system';

/** A button: shown as `title`, sent back as the message's `value`. */
export interface QuickReplyBody {
  readonly title: string;
  readonly value: string;
}

export interface CardBody {
  readonly title: string;
  readonly text: string;
  /** https URL, or null. */
  readonly image: string | null;
  readonly url: string | null;
  readonly buttons: readonly QuickReplyBody[];
}

/** What a message holds. */
export type MessageBody =
  | {
      readonly type: 'text';
      readonly text: string;
      /** What the bot takes for it, where a button was pressed: the quick reply's `value`. */
      readonly value?: string;
      readonly quickReplies?: readonly QuickReplyBody[];
      readonly card?: CardBody;
    }
  /** Something happened to the session; `text` is for people. */
  | { readonly type: 'event'; readonly event: SessionEvent; readonly text: string };

export type SessionEvent = 'ended' | 'failed' | 'handover' | 'handover-failed' | 'handed-back' | 'transfer';

/** One message as every client of the session sees it. */
export interface ChatMessage {
  readonly seq: number;
  readonly author: Author;
  /** The id its sender gave it; absent where there was none. */
  readonly id?: string;
  /** An agent's name, for people. */
  readonly name?: string;
  readonly at: number;
  readonly body: MessageBody;
}

/** What one reader has got and seen, as sequence numbers. */
export interface Marks {
  readonly delivered: number;
  readonly read: number;
}

/** Bounds the client has to keep, told with `ready`. */
export interface ProtocolLimits {
  /** UTF-8 bytes of one frame. */
  readonly frameBytes: number;
  /** Characters of one text. */
  readonly textCharacters: number;
  /** Messages in any ten seconds. */
  readonly messagesPer10s: number;
  /** Messages that may wait for their `ack`. */
  readonly unacknowledged: number;
}

/** First frame of a connection, within ten seconds. */
export interface HelloFrame {
  readonly type: 'hello';
  readonly versions: readonly number[];
  readonly token: string;
  /** Unlike that of every other open tab or app of this user; 1 to 64 of `A-Za-z0-9._-`. */
  readonly device: string;
  /** The session to go on with; without it, the user's open one or a new one. */
  readonly session?: string;
  /** The last sequence number that the client holds; 0 or absent: it has nothing. */
  readonly since?: number;
  /** Key of `dialog.trees` for a new session; absent: the configured one. */
  readonly tree?: string;
}

export type ClientFrame =
  | HelloFrame
  /** `id` is unlike that of every other message of this session and is kept when it is sent again; 1 to 64 of `A-Za-z0-9._-`. */
  | { readonly type: 'message'; readonly id: string; readonly text: string; readonly value?: string }
  | { readonly type: 'typing'; readonly on: boolean }
  | { readonly type: 'delivered'; readonly seq: number }
  | { readonly type: 'read'; readonly seq: number }
  /** Older messages than `before`, the newest `limit` of them first asked for. */
  | { readonly type: 'history'; readonly before: number; readonly limit: number }
  /** A fresh token before the old one expires. */
  | { readonly type: 'refresh'; readonly token: string }
  /** The user ends the conversation. */
  | { readonly type: 'end' }
  | { readonly type: 'ping'; readonly id: number };

export type ServerFrame =
  | {
      readonly type: 'ready';
      readonly version: ProtocolVersion;
      readonly session: string;
      readonly user: string;
      readonly connection: string;
      /** The newest message of the session. */
      readonly seq: number;
      /**
       * From where messages follow. Less than the client's `since` when that was from the future or of another
       * session: the client drops what it holds past it.
       */
      readonly since: number;
      readonly ended: boolean;
      readonly toType: 'bot' | 'human';
      readonly limits: ProtocolLimits;
      /** When the token ends. */
      readonly tokenExpires: number;
    }
  | ({ readonly type: 'message' } & ChatMessage)
  /** The message is durable. `duplicate`: it was before, under this number. */
  | {
      readonly type: 'ack';
      readonly id: string;
      readonly seq: number;
      readonly at: number;
      readonly duplicate?: true;
    }
  | { readonly type: 'history'; readonly before: number; readonly messages: readonly ChatMessage[] }
  | { readonly type: 'typing'; readonly author: Author; readonly name?: string; readonly on: boolean }
  | { readonly type: 'marks'; readonly reader: string; readonly marks: Marks }
  | { readonly type: 'state'; readonly ended: boolean; readonly toType: 'bot' | 'human' }
  | { readonly type: 'refreshed'; readonly tokenExpires: number }
  /** The node will close soon: connect again after `afterMs`. */
  | { readonly type: 'reconnect'; readonly afterMs: number }
  | { readonly type: 'pong'; readonly id: number }
  /** A frame was refused and the connection stays. `id` is the message's. */
  | {
      readonly type: 'error';
      readonly code: ErrorCode;
      readonly message: string;
      readonly field?: string;
      readonly id?: string;
      /** When it is worth to try again. */
      readonly retryAfterMs?: number;
    };

export type ErrorCode = 'bad-frame' | 'too-long' | 'rate' | 'ended' | 'unavailable' | 'unauthorized' | 'full';

/** Close codes from 4100: the client stops; from 4200: it connects again with back-off and jitter. */
export const closeCodes = {
  badFrame: 4100,
  unsupportedVersion: 4101,
  unauthorized: 4102,
  forbidden: 4103,
  takenOver: 4104,
  unknownSession: 4105,
  helloTimeout: 4106,
  flood: 4107,
  draining: 4200,
  slow: 4201,
  noPong: 4202,
  internal: 4203,
  overloaded: 4204,
  tokenExpired: 4205,
  routeLost: 4206,
} as const;

/** Close codes of WebSocket itself that say what the client did wrong: not its protocol, not UTF-8, in too many pieces, too large. */
const clientFaults: readonly number[] = [1002, 1003, 1007, 1008, 1009, 1010];

/**
 * True: a client may connect again by itself (with a fresh token after `tokenExpired`).
 *
 * A frame past `frameBytes` is closed by WebSocket's own 1009 (RFC 6455 7.4.1), and coming back would repeat it.
 */
export function mayReconnect(code: number): boolean {
  return code >= 4200 || (code < 4100 && !clientFaults.includes(code));
}

/** What the suite `chat-echo` tells its clients; they answer each with one `ChatReply`. */
export type ChatOrder =
  | {
      readonly kind: 'open';
      readonly port: number;
      readonly count: number;
      readonly dialect: ChatDialect;
      /** Connections of one user, who all follow the same session. */
      readonly perUser: number;
    }
  /** Every connection sends its next message when the last one came back, until all are through. */
  | { readonly kind: 'echo'; readonly connections: number; readonly messages: number }
  | { readonly kind: 'close' };

/** `bare`: text comes back as it is. `chat`: hello first, then messages that are acknowledged. */
export type ChatDialect = 'bare' | 'chat';

/** `times` in milliseconds, of every message. */
export interface ChatReply {
  readonly connections: number;
  readonly times: readonly number[];
  readonly failed: number;
}

/** What a server of the suite says of itself after a collection. */
export interface ServerMemory {
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** What stands between the client and the other device. */
export type Dialect = 'parley' | 'relay' | 'socketio';

/** What the suite tells `talkers.ts`; each is answered by one `TalkReply`. */
export type TalkOrder =
  /** Every user gets a device on the first port that writes, and on the second one that reads. */
  | {
      readonly kind: 'open';
      readonly dialect: Dialect;
      readonly ports: readonly number[];
      readonly users: number;
      /** Signs the tokens. */
      readonly secret: string;
    }
  /** So many messages, evenly, one user after another, whatever becomes of them. */
  | { readonly kind: 'send'; readonly messages: number; readonly perSecond: number }
  /** Every user asks, waits for the bot's answer, and asks again. */
  | { readonly kind: 'turns'; readonly users: number; readonly turns: number }
  | { readonly kind: 'close' };

/** Times in milliseconds from the sending of a message. */
export interface TalkReply {
  /** Until its sender had the acknowledgement. */
  readonly acks: readonly number[];
  /** Until the other device had it; of turns: until the answer. */
  readonly arrivals: readonly number[];
  readonly failed: string | null;
}

/** What the suite tells `storm-clients.ts`. */
export type StormOrder =
  | {
      readonly kind: 'open';
      readonly dialect: 'parley' | 'bare';
      readonly ports: readonly number[];
      readonly firstUser: number;
      readonly count: number;
      readonly secret: string;
    }
  /** Answered when everybody who has lost the connection has another one, or at the deadline. */
  | { readonly kind: 'recover'; readonly deadlineMs: number }
  | { readonly kind: 'close' };

export interface StormReply {
  readonly ready: number;
  /** Clients that a server sent away for good, or that are not ready at the deadline. */
  readonly failed: number;
  /** Connections that were tried. */
  readonly attempts: number;
  /** For each client that is back, from the loss of its connection until it was ready, in milliseconds. */
  readonly absences: readonly number[];
}

/** What the suite tells the servers it compares with; each is answered when it is done. */
export interface RelayOrder {
  readonly nodeId: string;
  readonly otherNodeId: string;
  readonly redisPort: number;
  readonly way: 'forwarder' | 'router';
}

export interface SocketioOrder {
  readonly redisPort: number;
  /** Where the packages are. */
  readonly modules: string;
}

export interface ServerReply {
  readonly port: number;
}

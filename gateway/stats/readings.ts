/** Synthesis cache, cumulative since start except `entries` and `bytes`. */
export interface CacheReading {
  readonly hits: number;
  /** Gets that started a synthesis. */
  readonly misses: number;
  /** Gets that joined a running one. */
  readonly joined: number;
  readonly evictions: number;
  readonly entries: number;
  readonly bytes: number;
}

/** RTP of all workers, cumulative except `streams`. */
export interface MediaReading {
  readonly streams: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly lost: number;
  readonly late: number;
  readonly underruns: number;
  /** Dropped because they came from another source than the call's. */
  readonly strangers: number;
  /** Dropped because they are no RTP of the call's formats. */
  readonly malformed: number;
  readonly workers: readonly WorkerReading[];
}

export interface WorkerReading {
  readonly name: string;
  /** How late the worker's ticks run now, in milliseconds. */
  readonly tickLatenessMs: number;
}

export interface SipReading {
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly malformed: number;
  readonly transactions: number;
  readonly calls: number;
  /** TCP connections, of either side's making. */
  readonly connections: number;
}

export interface MrcpReading {
  readonly connections: number;
  readonly sessions: number;
  readonly channels: number;
  /** All that were read, refused ones included. */
  readonly requests: number;
  /** Answered with a status above 299. */
  readonly refusedRequests: number;
}

/** The chat socket: counts since start, except those marked as of now. */
export interface ChatSocketReading {
  /** Now, as are the next four. */
  readonly connections: number;
  /** Connections that have not said who they are. */
  readonly waitingHello: number;
  /** Users and addresses whose rates are remembered. */
  readonly users: number;
  readonly addresses: number;
  /** Coarse timeouts that wait. */
  readonly timers: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Connections that are not sent messages now, because they do not take them. */
  readonly paused: number;
  /** Closed because they took nothing. */
  readonly slow: number;
  /** Typing and marks that were left out for connections that take little. */
  readonly droppedSignals: number;
  /** By close code. */
  readonly closes: Readonly<Record<string, number>>;
  /** Upgrades, frames and messages that were not taken, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Deliveries to one webhook by this node, cumulative except `running` and `paused`. */
export interface WebhookReading {
  readonly hook: string;
  readonly delivered: number;
  /** Attempts that did not deliver. */
  readonly failed: number;
  /** Deliveries that were given up. */
  readonly dead: number;
  readonly running: number;
  /** It failed too often and is left alone for a while. */
  readonly paused: boolean;
  /** Of all attempts together. */
  readonly attemptSeconds: number;
  /** From the event to its delivery, of all that were delivered. */
  readonly delaySeconds: number;
}

/** Audio sockets, cumulative except `streams`. */
export interface AudioSocketReading {
  readonly streams: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly framesDropped: number;
  /** Sessions by how they ended. */
  readonly endings: ReadonlyMap<string, number>;
  /** Upgrades that were refused, by why. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** The user-to-node mapping, as far as this node sees it. */
export interface RoutingReading {
  readonly connected: boolean;
  /** Devices claimed for connections of this node. */
  readonly devices: number;
  readonly livingNodes: number;
  readonly waitingEnvelopes: number;
  /** What happened since the start, by name. */
  readonly events: Readonly<Record<string, number>>;
}

/** Lines of the turn log, cumulative. */
export interface TurnLogReading {
  readonly written: number;
  readonly dropped: number;
}

/** Where scrapes read from; each is called once a scrape, must be quick, and may be left out. */
export interface Providers {
  cache?(): CacheReading;
  media?(): MediaReading;
  sip?(): SipReading;
  mrcp?(): MrcpReading;
  /** Null where chat is switched off. */
  chat?(): ChatSocketReading | null;
  routing?(): RoutingReading;
  audioSockets?(): AudioSocketReading;
  /** Null: turns are not logged. */
  turns?(): TurnLogReading | null;
  /** Conversations by where the user comes from. */
  sessions?(): Readonly<Record<string, number>>;
  webhooks?(): readonly WebhookReading[];
}

/** What the providers gave at the last scrape. */
export type Readings = { readonly [K in keyof Providers]?: ReturnType<NonNullable<Providers[K]>> };

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
  /** Null: turns are not logged. */
  turns?(): TurnLogReading | null;
  /** Conversations by where the user comes from. */
  sessions?(): Readonly<Record<string, number>>;
}

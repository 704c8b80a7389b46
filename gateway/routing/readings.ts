/** What a router has done since it started, for metrics; every number counts up. */
export interface RoutingCounts {
  /** Devices claimed through the store. */
  claims: number;
  /** Devices that only this node knows of, as the store was away. */
  localClaims: number;
  releases: number;
  renewals: number;
  /** Claims that the store had lost, or that an older one stood in place of. */
  restored: number;
  /** Connections of this node whose device somebody else has now. */
  lost: number;
  kicksSent: number;
  kicksReceived: number;
  lookups: number;
  lookupHits: number;
  sent: number;
  noNode: number;
  deferred: number;
  received: number;
  nacksSent: number;
  nacksReceived: number;
  /** What came in and could not be read. */
  badEnvelopes: number;
  /** Messages for a topic that this node does not know. */
  unknownTopics: number;
  handlerErrors: number;
  storeErrors: number;
  /** Times the store was reached again. */
  joins: number;
  probesLost: number;
}

/** The counts, and how things stand. */
export interface RoutingReadings extends Readonly<RoutingCounts> {
  readonly connected: boolean;
  /** Devices claimed for connections of this node. */
  readonly devices: number;
  readonly livingNodes: number;
  readonly waitingEnvelopes: number;
  readonly cachedLookups: number;
  /** The last message to itself there and back, in milliseconds; null: it was lost, or none was sent. */
  readonly probeMs: number | null;
}

export function createCounts(): RoutingCounts {
  return {
    claims: 0,
    localClaims: 0,
    releases: 0,
    renewals: 0,
    restored: 0,
    lost: 0,
    kicksSent: 0,
    kicksReceived: 0,
    lookups: 0,
    lookupHits: 0,
    sent: 0,
    noNode: 0,
    deferred: 0,
    received: 0,
    nacksSent: 0,
    nacksReceived: 0,
    badEnvelopes: 0,
    unknownTopics: 0,
    handlerErrors: 0,
    storeErrors: 0,
    joins: 0,
    probesLost: 0,
  };
}

/** gateway/session and gateway/http. */
export const gatewayLimits = {
  sessions: 2_000,
  mailbox: 64,
  httpBodyBytes: 262_144,
  drainMs: 30_000,
  callMs: 4 * 3_600_000,
} as const;

/** gateway/http: the HTTP edge (its body bound is gatewayLimits.httpBodyBytes). */
export const httpLimits = {
  /**
   * Connections that wait to be accepted; past that a client's first packet is dropped, and it tries again after 1, 3, 7,
   * 15 s. Linux takes the lesser of this and net.core.somaxconn (4,096).
   */
  waitingConnections: 4_096,
  headerBytes: 16_384,
  urlCharacters: 2_048,
  /** One part of a path that names something, decoded. */
  paramCharacters: 1_024,
  /** From the first byte of a request to the end of its headers. */
  headersMs: 10_000,
  /** From the first byte of a request to the end of its body. */
  requestMs: 15_000,
  keepAliveMs: 10_000,
  idleSocketMs: 60_000,
  requestsPerSocket: 10_000,
  readinessChecks: 32,
  readinessCheckMs: 2_000,
  /** A readiness answer is given again for this long, so that probing costs the dependencies nothing. */
  readinessFreshMs: 1_000,
  closeMs: 2_000,
  /** Connections that asked for another protocol and are not answered yet; more are refused with 503. */
  pendingUpgrades: 256,
  /** An upgrade that its handler has not answered by then is refused with 408. */
  upgradeMs: 5_000,
} as const;

/** templates: operator's response templates. */
export const templateLimits = {
  bytes: 262_144,
  files: 500,
  outputBytes: 1_048_576,
} as const;

/** config: the configuration file, what it refers to, and log lines. */
export const configLimits = {
  fileBytes: 262_144,
  yamlDepth: 32,
  yamlAliases: 64,
  yamlNodes: 20_000,
  problems: 100,
  overrides: 500,
  secretFileBytes: 65_536,
  listEntries: 1_000,
  logTextCharacters: 8_192,
  logDepth: 5,
  logEntriesPerObject: 64,
} as const;

/** config/xml.ts: any XML that comes from outside. */
export const xmlLimits = {
  bytes: 1_048_576,
  depth: 64,
  nodes: 50_000,
  attributesPerElement: 64,
} as const;

/** gateway/stats: what labels may grow to. */
export const statsLimits = {
  labelsPerCounter: 64,
} as const;

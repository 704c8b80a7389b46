/**
 * Every bound on what the network, a file or a vendor may make us hold, in one table.
 *
 * Each section belongs to the code named in its comment; ARCHITECTURE.md prints this table.
 */

/** gateway/sip: messages, transports, transactions, dialogs. */
export const sipLimits = {
  messageBytes: 65_535,
  startLineBytes: 2_048,
  headerLineBytes: 8_192,
  headers: 128,
  bodyBytes: 32_768,
  tcpConnections: 1_000,
  tcpIdleMs: 600_000,
  tcpPartialMessageMs: 10_000,
  tcpSendQueueBytes: 1_048_576,
  transactions: 20_000,
  sdpLines: 512,
  sdpMediaSections: 16,
} as const;

/** gateway/mrcp: connections, messages, channels. */
export const mrcpLimits = {
  messageBytes: 1_048_576,
  startLineBytes: 1_024,
  headerLineBytes: 8_192,
  headers: 128,
  connections: 2_000,
  channelsPerConnection: 1_000,
  channelsPerSession: 4,
  sendQueueBytes: 4_194_304,
  partialMessageMs: 30_000,
  /** A connection that carries no channel is closed after this. */
  orphanConnectionMs: 10_000,
  /** An MRCP session whose client never opens its TCP connection is released after this. */
  connectDeadlineMs: 30_000,
  inactivityMs: 600_000,
  requestQueue: 32,
  grammarsPerSession: 200,
  vendorParameters: 64,
} as const;

/** media: streams, jitter, prompts, recognition. */
export const mediaLimits = {
  streamsPerWorker: 2_000,
  rtpPacketBytes: 1_500,
  jitterBufferMs: 60,
  jitterBufferMaxPackets: 50,
  queuedPlaysPerStream: 64,
  promptMs: 600_000,
  dtmfDigits: 128,
  workerReplyMs: 5_000,
  preRollMs: 400,
} as const;

/** media/speech: synthesis, grammars, SSML. */
export const speechLimits = {
  synthesisTextCharacters: 10_000,
  synthesisMs: 30_000,
  cacheBytes: 268_435_456,
  cacheTtlMs: 3 * 24 * 3_600_000,
  grammarBytes: 262_144,
  grammarDepth: 32,
  grammarNodes: 20_000,
  grammarRepeat: 128,
  grammarsPerRequest: 32,
  recognizerDecoders: 8,
  recognitionMs: 120_000,
} as const;

/** config/xml.ts: any XML that comes from outside. */
export const xmlLimits = {
  bytes: 1_048_576,
  depth: 64,
  nodes: 50_000,
  attributesPerElement: 64,
} as const;

/** dialog: trees and what people say to them. */
export const dialogLimits = {
  treeBytes: 4_194_304,
  nodes: 10_000,
  examples: 100_000,
  utteranceCharacters: 2_000,
  stepsWithoutUserTurn: 100,
  variables: 1_000,
  textCharacters: 10_000,
} as const;

/** gateway/session and gateway/http. */
export const gatewayLimits = {
  sessions: 2_000,
  mailbox: 64,
  httpBodyBytes: 262_144,
  drainMs: 30_000,
  callMs: 4 * 3_600_000,
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

/** gateway/http: the HTTP edge (its body bound is gatewayLimits.httpBodyBytes). */
export const httpLimits = {
  headerBytes: 16_384,
  urlCharacters: 2_048,
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
} as const;

/** gateway/stats: what labels may grow to. */
export const statsLimits = {
  labelsPerCounter: 64,
} as const;

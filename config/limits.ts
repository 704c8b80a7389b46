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
  branchesPerNode: 500,
  globals: 50,
  promptsPerLadder: 10,
  tagsPerNode: 20,
  yamlAliases: 100,
  /** Problems of one file that are told; nobody reads more. */
  problems: 200,
  /** Times the user may have the same prompts repeated at one node. */
  repeatsPerNode: 3,
  repeatablePrompts: 10,
  heardSentences: 5,
  heardSentenceCharacters: 200,
  textAnswerCharacters: 500,
  /** Examples times branches up to which the matcher trains its linear part: about a second, 100 MB at most. */
  linearMatcherSize: 150_000,
  /** Cost units (see dialog/calibrate.ts) up to which a tree's thresholds are measured: about two seconds. */
  calibrationCost: 500_000,
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

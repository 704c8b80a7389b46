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
  tcpConnectMs: 5_000,
  transactions: 20_000,
  /** Live calls in both directions, early ones included; more are answered 503. */
  dialogs: 4_000,
  /** Log lines about bad messages per minute; the counters see all of them. */
  badMessageLogsPerMinute: 10,
  /** An application that has not answered a re-INVITE by then has it refused with 500. */
  reinviteAnswerMs: 5_000,
  /** An outgoing call that still rings is cancelled (RFC 3261 16.6 step 11 gives proxies three minutes, too). */
  ringMs: 180_000,
  /** An accepted REFER whose far end sends no NOTIFY counts as done after this (RFC 4488). */
  referFirstNotifyMs: 4_000,
  /** How long a transfer target may ring. */
  referOutcomeMs: 60_000,
  sdpLines: 512,
  sdpMediaSections: 16,
} as const;

/** gateway/mrcp: connections, messages, channels. */
export const mrcpLimits = {
  messageBytes: 1_048_576,
  startLineBytes: 1_024,
  headerLineBytes: 8_192,
  headers: 128,
  /** Lines in a row that are no MRCP start line; past this the connection is closed. */
  garbageLines: 100,
  connections: 2_000,
  /** Unfinished messages of all connections together. */
  bufferedBytes: 67_108_864,
  channelsPerConnection: 1_000,
  channelsPerSession: 4,
  sendQueueBytes: 4_194_304,
  partialMessageMs: 30_000,
  /** A connection that carries no channel is closed after this. */
  orphanConnectionMs: 10_000,
  /** An MRCP session whose client never opens its TCP connection is released after this. */
  connectDeadlineMs: 30_000,
  inactivityMs: 600_000,
  /** How long a channel may be without its TCP connection before the SIP side is told to send BYE (RFC 6787 4.6). */
  connectionLostGraceMs: 3_000,
  requestQueue: 32,
  grammarsPerSession: 200,
  vendorParameters: 64,
  vendorParameterBytes: 4_096,
  parameterBytes: 1_024,
  /** Requests one Active-Request-Id-List may name. */
  requestIdList: 64,
  /** The longest timeout a client may ask for: one day. */
  timeoutMs: 86_400_000,
  /** What GET-RESULT can give back of the last recognition. */
  resultBytes: 262_144,
} as const;

/** media: streams, jitter, prompts, recognition. */
export const mediaLimits = {
  streamsPerWorker: 2_000,
  rtpPacketBytes: 1_500,
  jitterBufferMs: 60,
  jitterBufferMaxPackets: 50,
  /** What the jitter buffer of a frame stream holds: behind a TCP stall the audio comes late, and all of it. */
  frameBufferMs: 1_000,
  /** How far ahead of real time a frame stream may send. */
  frameLeadMs: 2_000,
  /** Frames that one thread has sent and the other has not taken yet; more are dropped and counted. */
  framesUnderWayBytes: 8_388_608,
  queuedPlaysPerStream: 64,
  promptMs: 600_000,
  dtmfDigits: 128,
  workerReplyMs: 5_000,
  preRollMs: 400,
  /** An engine that owes its final result for longer is given up. */
  recognizerResultMs: 5_000,
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
  /** Tokens of one utterance that are matched against grammars. */
  grammarMatchTokens: 512,
  /** Steps of one match, so that no grammar can hold a thread (about 0.1 s). */
  grammarMatchSteps: 1_000_000,
  /** Decoders of the embedded recogniser in each worker, 28 MB each; made when they are needed. */
  recognizerDecoders: 12,
  /** Recognitions that wait for one, with their audio kept (123 MB if all are `recognitionMs` long); more are refused. */
  recognizerQueue: 64,
  recognitionMs: 120_000,
  /** How long a recogniser may take after the end of audio, or to find a decoder then; silent for longer it is dead. */
  recognizerFinalMs: 10_000,
  /** One engine's syntheses at the same time, as the cache asks for them; the rest wait. */
  concurrentSyntheses: 16,
  /** Syntheses that wait for such a place; beyond it a miss is refused (`capacity`). */
  waitingSyntheses: 1_000,
  /** Syntheses that go on with nobody listening, to fill the cache. */
  abandonedSyntheses: 32,
  /** Pieces of one prompt as the engine hands them out (600 s in pieces of 10 ms). */
  clipChunks: 60_000,
  /** `<mark>` elements of one prompt. */
  clipMarks: 1_000,
  /** Utterances that wait for an embedded synthesiser's thread or process. */
  synthesizerQueue: 64,
  /** Processes of an embedded synthesiser that run at the same time. */
  synthesizerProcesses: 4,
  /** Words of one compiled JSGF grammar after its rules are expanded. */
  jsgfWords: 20_000,
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
  examplesPerBranch: 5_000,
  languages: 10,
  quickReplies: 13,
  synonymsPerValue: 1_000,
  patternCharacters: 500,
  storyBytes: 1_048_576,
  stories: 2_000,
  storySteps: 500,
  expressionCharacters: 2_048,
  expressionDepth: 64,
  /** Steps of one evaluation. */
  expressionSteps: 10_000,
  /** Steps of all expressions between two events (about 60 ms at worst). */
  expressionStepsPerEvent: 30_000,
  expressionListItems: 1_000,
  patternProgram: 2_000,
  /** Instructions times characters that all patterns of one type may look at in one sentence (about 20 ms). */
  patternVisits: 400_000,
  /** Places of one text that one pattern finds. */
  patternMatches: 100,
  /** Digressions and sub-trees inside one another. */
  stackDepth: 8,
  /** Questions that `back` can go back over. */
  historyQuestions: 20,
  /** Examples handed to a recogniser at one node. */
  listenPhrases: 2_000,
  examplesPerNotation: 64,
  /** Most branches that "A or B?" names. */
  choices: 3,
  /** Problems of one file that are told; nobody reads more. */
  problems: 200,
  /** Times the user may have the same prompts repeated at one node. */
  repeatsPerNode: 3,
  repeatablePrompts: 10,
  /** A stored conversation: how deep its JSON goes, and how many values it has. */
  snapshotDepth: 32,
  snapshotValues: 50_000,
  heardSentences: 5,
  heardSentenceCharacters: 200,
  textAnswerCharacters: 500,
  /** The longest string of digits that an answer can be. */
  digits: 50,
  /** Values and synonyms of one list that an answer is picked from. */
  choiceValues: 2_000,
  choiceSynonyms: 50_000,
  choiceSynonymCharacters: 100,
  /** Changed decisions that a replay lists, and utterances whose decisions it remembers. */
  replayChanges: 10_000,
  /** Different utterances that suggestions are made of. */
  unmatchedUtterances: 20_000,
  /** Groups that the utterances of one node are sorted into. */
  clusterLeaders: 1_000,
  /** Examples of one suggestion. */
  clusterExamples: 8,
  /** Suggestions of one file; those of fewer turns are left out. */
  suggestions: 200,
  suggestionBytes: 1_048_576,
  /** Examples times branches up to which the matcher trains its linear part: about a second, 100 MB at most. */
  linearMatcherSize: 150_000,
  /** Cost units (see dialog/calibrate.ts) up to which a tree's thresholds are measured: about two seconds. */
  calibrationCost: 500_000,
} as const;

/** gateway/websocket and gateway/chat: chat over WebSocket. */
export const chatLimits = {
  /** UTF-8 bytes of one frame from a client. */
  frameBytes: 65_536,
  textCharacters: 4_000,
  messagesPer10s: 20,
  framesPer10s: 200,
  /** Messages of one connection that wait to be durable; more are refused. */
  unacknowledged: 32,
  /** The first frame has to come within this. */
  helloMs: 10_000,
  pingMs: 25_000,
  /** Bytes that wait to be sent: from here on nothing is pushed until some are gone. */
  pauseBytes: 262_144,
  /** Bytes that wait, at most. */
  queueBytes: 1_048_576,
  /** A client that takes nothing for this long while bytes wait is closed. */
  stalledMs: 15_000,
  idCharacters: 64,
  tokenCharacters: 4_096,
  /** Messages of one answer to `history`. */
  historyMessages: 100,
  /** Messages read from the log at one time. */
  pageMessages: 200,
  /** Latest messages of a session that are kept in memory while somebody follows it. */
  recentMessages: 64,
  /** Characters of messages that go along with the news of them to other nodes. */
  newsCharacters: 32_768,
  /** Sessions that are looked up in the log at one time. */
  sweepSessions: 500,
  /** How often the log is looked through for what wake-ups have not told, and while there are none. */
  lookMs: 3_000,
  lookAloneMs: 1_000,
  jobPollMs: 1_000,
  jobsAtOnce: 50,
  /** A job whose node died comes to another after this. */
  jobLeaseMs: 30_000,
  /** Sessions that this node runs. */
  sessions: 200_000,
} as const;

/** gateway/websocket: what its own parts hold beside `chatLimits`. */
export const chatSocketLimits = {
  /** Arrays and objects inside each other in a frame. */
  frameDepth: 4,
  /** Versions that a hello may name. */
  versions: 16,
  /** Connections that have not said who they are; more are refused. */
  waitingHello: 2_000,
  /** Frames that a client sends after its hello and before `ready`. */
  openingFrames: 64,
  /** From hello to `ready`. */
  openMs: 20_000,
  /** A close handshake that takes longer is cut. */
  closeMs: 5_000,
  /** Bytes that are handed to the socket at one time; the rest waits, so that progress can be seen. */
  windowBytes: 32_768,
  /** One answer to `history`. */
  historyBytes: 131_072,
  /** Addresses, and users, that are remembered for their rates. */
  rateEntries: 200_000,
  rateWindowMs: 10_000,
  /** Coarse timeouts are kept to this. */
  wheelTickMs: 1_000,
  /** Connections are sent away in steps of this. */
  drainStepMs: 100,
  /** Clients that are sent away come back within this, each at a time of its own. */
  reconnectSpreadMs: 5_000,
} as const;

/** gateway/websocket: tokens, the keys of their issuer, and visitors. */
export const tokenLimits = {
  subjectCharacters: 128,
  /** How far the issuer's clock may be off. */
  toleranceSeconds: 30,
  jwksBytes: 262_144,
  jwksMs: 5_000,
  /** Keys are used this long before they are read again. */
  jwksFreshMs: 600_000,
  /** An unknown key makes us read the keys again, no more often than this. */
  jwksCoolDownMs: 30_000,
  /** After a failure, the keys are not asked for again before this. */
  jwksRetryMs: 2_000,
  visitorBodyBytes: 8_192,
  visitorWindowMs: 60_000,
} as const;

/** gateway/ports/session-log.ts and its stores. */
export const logLimits = {
  messagesPerSession: 100_000,
  bodyBytes: 65_536,
  snapshotBytes: 262_144,
  jobPayloadBytes: 65_536,
  /** Messages of one page, jobs of one claim, messages or jobs of one commit. */
  pageItems: 500,
  /** Sessions of one page. */
  sessionItems: 200,
  /** A tenant, a session id, a user, a client's message id, a job's key, ... */
  nameCharacters: 256,
  /** Readers whose marks one session keeps. */
  readersPerSession: 1_000,
  /** Why a job failed; what is longer is cut. */
  jobErrorCharacters: 1_000,
  /** Calls that wait for the store; more are refused. */
  waitingCalls: 10_000,
  /** Calls that share one transaction of SQLite, and one wait for the disk. */
  batchCalls: 256,
  /** How long SQLite waits for another program that writes to the file. */
  busyMs: 2_000,
  /** Connecting to PostgreSQL, and waiting for a connection that is free. */
  connectMs: 5_000,
  /** One statement of PostgreSQL; it is cancelled then. */
  statementMs: 10_000,
  /** Making the tables of a new version, and waiting for another node that does. */
  migrationMs: 120_000,
} as const;

/** gateway/chat/retention.ts: removing sessions that ended long ago. */
export const retentionLimits = {
  roundMs: 600_000,
  /** Before the first round, and between rounds while there are more sessions than one takes. */
  pauseMs: 5_000,
  sessionsPerRound: 100,
  /** Messages read from the log at one time. */
  pageMessages: 500,
} as const;

/** gateway/routing: the user-to-node mapping. */
export const routingLimits = {
  /** Bytes of one message between nodes. */
  envelopeBytes: 262_144,
  beatMs: 3_000,
  userLeaseMs: 600_000,
  lookupFreshMs: 4_000,
  lookups: 20_000,
  devicesPerUser: 32,
  /** Devices of one user whose last epoch is kept, those that nobody has included; of more, only the claimed ones. */
  marksPerUser: 128,
  /** Messages that wait for the wire while it is being connected, or for Redis to take them; more are deferred at once. */
  waitingEnvelopes: 10_000,
  /** All of them together, in characters. */
  waitingCharacters: 16_777_216,
  /** How long they wait after the wire was lost; then all are deferred. */
  waitingMs: 2_000,
  nodes: 1_000,
  /** Claims renewed in one go. */
  renewBatch: 200,
  /** Longest pause between two such batches; it varies, so that nodes do not move in step. */
  renewPauseMs: 50,
  /** A message to itself that has not come back after this is lost. */
  probeMs: 2_000,
  /** Between two attempts to join after the store is back. */
  joinRetryMs: 1_000,
  /** Users whose claims have to be tidied when the store is back; the claims of more end with their lease. */
  untidyUsers: 10_000,
  /** Names in one message between nodes. */
  nameCharacters: 1_024,
  /** Redis: one command. */
  commandMs: 2_000,
  connectMs: 3_000,
  /** Between two attempts to connect: doubled each time from the first to the most, with jitter. */
  retryFirstMs: 50,
  retryMostMs: 2_000,
} as const;

/** gateway/api: the HTTP interface to sessions. */
export const apiLimits = {
  /** Requests of one key in ten seconds, where the configuration sets no other number. */
  requestsPer10s: 500,
  /** Sessions and messages of one page: unless asked for otherwise, and at most. */
  sessionsPerPage: 50,
  mostSessionsPerPage: 200,
  messagesPerPage: 100,
  mostMessagesPerPage: 500,
  userCharacters: 256,
  idempotencyKeyCharacters: 64,
  /** Of a button or a card. */
  titleCharacters: 200,
  urlCharacters: 1_024,
  /** Ended sessions of a user that are asked whether they hold a repeated message, and how long ago they ended. */
  repeatSessions: 3,
  repeatMs: 86_400_000,
  /** Sessions opened for one message, each of which was ended before it took it. */
  openAttempts: 3,
  /** Told with Retry-After while the log is away. */
  retryAfterSeconds: 2,
} as const;

/** gateway/webhooks: deliveries to other systems. */
export const webhookLimits = {
  hooks: 100,
  /** Bounds of what the configuration may set for one hook. */
  timeoutMs: 60_000,
  attempts: 50,
  /** Deliveries of one hook that this node has in hand. */
  concurrent: 8,
  /** A failed delivery is made again after at most this; doubled with each attempt, up to `retryMostMs`. */
  retryFirstMs: 5_000,
  retryMostMs: 3_600_000,
  /** Longest wait that a Retry-After may ask for. */
  retryAfterMs: 3_600_000,
  /** Between two looks at the log while there is nothing to do: doubled from the first to the most. */
  pollFirstMs: 500,
  pollMostMs: 10_000,
  /** A claim holds for two time-outs and this, then another node may have it. */
  leaseMarginMs: 15_000,
  /** Of an answer, which nobody reads. */
  responseBytes: 65_536,
  /** Failures in a row after which a hook is left alone for `pauseMs`. */
  failuresInARow: 5,
  pauseMs: 10_000,
  /** How long deliveries under way may take when the node stops. */
  closeMs: 2_000,
  /** Failed deliveries of one page. */
  failedPerPage: 500,
} as const;

/** gateway/services: requests to back-office systems. */
export const serviceLimits = {
  /** Bounds of what the configuration may set for one service. */
  timeoutMs: 60_000,
  concurrent: 1_000,
  responseBytes: 1_048_576,
  redirects: 3,
  headerCharacters: 8_192,
  /** Calls of one service that wait for a place; more are refused. */
  waitingCalls: 200,
  /** Further attempts of one call. */
  retries: 5,
  requestBytes: 262_144,
  urlCharacters: 8_192,
  responseHeaderBytes: 16_384,
  /** What an answer may be made of. */
  valueDepth: 32,
  valueNodes: 10_000,
  /** Addresses of one host. */
  addresses: 32,
  /** How long resolved addresses are used again, so that slow DNS is asked rarely. */
  addressFreshMs: 5_000,
  /** Connections that nobody uses are closed after this. */
  idleConnectionMs: 30_000,
  /** Calls of one turn; a tree that asks more often is stopped. */
  callsPerTurn: 20,
  protoBytes: 262_144,
} as const;

/** gateway/trees: versions of dialog trees, how they are loaded and what is kept of them. */
export const treeLimits = {
  /** One version's check and calibration, in a thread of its own; shorter than an idle HTTP socket lives. */
  loadMs: 55_000,
  loadMegabytes: 512,
  /** Deploys, activations and rollbacks that wait for the one being done; more are refused. */
  waitingChanges: 8,
  /** Versions of one tree that are kept on disk, those in use apart. */
  keptVersions: 20,
  liveFileBytes: 16_384,
  /** Versions that are loaded at the start because kept conversations are on them. */
  versionsAtStart: 8,
} as const;

/** gateway/turns: the log of decided turns, and what reads it. */
export const turnLimits = {
  /** One line; a turn that needs a longer one is not written. */
  lineBytes: 65_536,
  /** A file is closed when it is this large, or a quarter of `dialog.turnLog.maxBytes`. */
  fileBytes: 16_777_216,
  /** A file is closed when its first line is this old, so that age is deleted by the day. */
  fileMs: 24 * 3_600_000,
  /** Lines and bytes that wait for the disk; more are dropped and counted. */
  waitingLines: 2_000,
  waitingBytes: 4_194_304,
  /** Between two log lines about turns that are not written. */
  tellAgainMs: 60_000,
  /** How often old files are looked for. */
  sweepMs: 3_600_000,
  /** Lines that cannot be read, of all files, before a reader gives up. */
  badLines: 100,
  files: 10_000,
} as const;

/** gateway/session/snapshot-store.ts: conversations kept over a restart. */
export const snapshotLimits = {
  /** One conversation; a larger one is not kept. */
  bytes: 262_144,
  /** All of them together. */
  totalBytes: 134_217_728,
  keyCharacters: 1_024,
} as const;

/** adapters/similarity and gateway/session/similarity.ts: engines that compare utterances with examples. */
export const similarityLimits = {
  /** Texts of one request; a service that takes fewer says so. */
  batchTexts: 32,
  /** Requests at the same time while examples are embedded; those of turns come on top. */
  concurrentBatches: 4,
  /** Attempts at one batch of examples when the service is overloaded. */
  batchAttempts: 4,
  /** Longest wait that a Retry-After may ask for. */
  retryAfterMs: 60_000,
  /** One request while examples are embedded; a turn has `similarity.timeoutMs`. */
  prepareRequestMs: 30_000,
  dimensions: 8_192,
  responseBytes: 33_554_432,
  /** Of an answer that is an error. */
  errorBytes: 65_536,
  connections: 16,
  idleConnectionMs: 30_000,
  /** Vectors of utterances of late that are kept in memory. */
  recentVectors: 1_000,
  /** Vectors of one file of the cache. */
  vectorsPerFile: 4_096,
  vectorFiles: 1_000,
  vectorFileBytes: 268_435_456,
  /** Held-out examples and sentences of other nodes that one node is calibrated with. */
  calibrationTexts: 60,
  /** All questions of one tree's calibration. */
  calibrationQuestions: 20_000,
  /** Failures in a row after which a scorer is left alone for `pauseMs`. */
  failuresInARow: 5,
  pauseMs: 5_000,
  /** Between attempts to prepare a scorer: doubled each time from the first to the most. */
  retryFirstMs: 1_000,
  retryMostMs: 30_000,
  /** How long somebody at a terminal waits for a scorer to be prepared. */
  readyMs: 10_000,
  /** Questions that wait for the thread of a local model; more are refused. */
  modelQueue: 64,
  /** Loading a local model, and embedding one batch with it. */
  modelLoadMs: 60_000,
  modelFileBytes: 4_294_967_296,
  modelJsonBytes: 67_108_864,
  modelTokens: 512,
  /** Candidate sets that a Rank server keeps; the least recently used goes first. */
  rankSets: 10_000,
  rankMessageBytes: 16_777_216,
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

/** gateway/audio-socket: messages of a client that streams audio; what operators may set is in its section. */
export const audioSocketLimits = {
  /** One WebSocket message (RFC 6455 close code 1009). */
  messageBytes: 65_536,
  /** Audio in one frame. */
  frameMs: 1_000,
  /** Custom parameters of the start message. */
  parameters: 32,
  parameterNameCharacters: 64,
  parameterCharacters: 1_024,
  /** Stream and call identifiers, names of marks. */
  idCharacters: 256,
  /** Keys in one message. */
  digits: 32,
  /** Messages of any kind: so many a second go on for ever, so many may come at once. */
  messagesPerSecond: 250,
  messagesAtOnce: 1_000,
  /** New connections: so many a second go on for ever, so many may come at once; each costs a bot its first words. */
  opensPerSecond: 50,
  opensAtOnce: 200,
  /** Prompts whose end the client has not confirmed. */
  pendingMarks: 64,
  /** A reader that takes nothing for this long while something waits is slow. */
  stalledMs: 10_000,
  /** From our close frame until the connection is cut. */
  closeMs: 2_000,
  /** How often deadlines of all sessions are looked at. */
  sweepMs: 1_000,
  /** Marks that were never echoed after which a client is taken for one that does not echo. */
  unechoedMarks: 2,
} as const;

/** gateway/stats: what labels may grow to. */
export const statsLimits = {
  labelsPerCounter: 64,
} as const;

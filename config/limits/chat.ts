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

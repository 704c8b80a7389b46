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

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
  /** Sentences of one tree that "parley test" asks another scorer about. */
  questionsAhead: 100_000,
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

import type { ScoredBranch } from './scoring.js';
import type { Value, ValueMap } from './value.js';

/** A button under a chat message: shown as `title`, sent back as the text `value`. */
export interface QuickReply {
  readonly title: string;
  readonly value: string;
}

/** A message with a picture and links, for channels that can show one. */
export interface Card {
  readonly title: string;
  readonly text: string;
  /** https URL, or null. */
  readonly image: string | null;
  /** Where a click leads, or null. */
  readonly url: string | null;
  readonly buttons: readonly QuickReply[];
}

/** What an utterance of the bot is made of; every channel gets what it can show. */
export interface Prompt {
  /** Plain text for speech and for transcripts. */
  readonly voice: string;
  /** SSML that says the same as `voice`, where the author wrote some. */
  readonly ssml?: string;
  /** Text for chat; `chatText` writes out buttons and cards for channels without them. */
  readonly chat: string;
  readonly quickReplies?: readonly QuickReply[];
  readonly card?: Card;
  /** False: the caller cannot interrupt it. */
  readonly bargeIn: boolean;
  /** BCP 47, where it is not the tree's own language. */
  readonly language?: string;
}

/** What the bot listens for; the gateway turns it into a recogniser request (voice) or ignores the timing (chat). */
export interface ListenSpec {
  /** Example phrases of every branch reachable from here (own, then globals): the recogniser's grammar or hints. */
  readonly phrases: readonly string[];
  /** `free` takes any speech; `phrases` is what the node's branches know; `digits`, `yes-no` are typed asks. */
  readonly expect: 'phrases' | 'free' | 'digits' | 'yes-no';
  /** DTMF strings that mean something here (single keys), and digit collection for asks. */
  readonly dtmf: {
    readonly keys: readonly string[];
    readonly minDigits: number;
    readonly maxDigits: number;
    readonly termChar: string;
  } | null;
  readonly noInputMs: number;
  readonly language: string;
}

/** How a service is asked: the service's base URL, credentials and limits are configuration, not the tree's. */
export type CallOperation =
  | {
      readonly type: 'http';
      readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
      /** Starts with `/`; values in it are percent-encoded. */
      readonly path: string;
    }
  /** `package.Service/Method`, unary. */
  | { readonly type: 'grpc'; readonly method: string };

/** A question to a back-office system, whose answer comes as a `called` event with the same `callId`. */
export interface CallSpec {
  readonly callId: number;
  /** Name under `services` of the configuration. */
  readonly service: string;
  readonly operation: CallOperation;
  /** Query of GET and DELETE, JSON body of the others, message of gRPC. */
  readonly input: ValueMap;
  /** For everything, retries included. */
  readonly timeoutMs: number;
  /** Further attempts after a failure that may pass. */
  readonly retries: number;
  /** The same for every attempt of this call and for no other call of the conversation; the gateway puts the session before it. */
  readonly idempotencyKey: string;
  /** Said when the answer takes longer than `fillerAfterMs`. */
  readonly filler: Prompt | null;
  readonly fillerAfterMs: number;
}

/** Why a call gave no answer. */
export type CallFailure =
  | 'unknown-service'
  /** Our own rules forbid it: address not allowed, body too large, circuit open. */
  | 'refused'
  | 'unreachable'
  | 'timeout'
  /** The service answered with an error status. */
  | 'status'
  /** The answer is not what it claims to be, or too large. */
  | 'garbage';

export type CallOutcome =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: CallFailure; readonly message: string; readonly status?: number };

/** Why and what for a human is wanted. */
export interface HandoverSpec {
  readonly queue: string;
  readonly reason: string;
  /** What the agent reads first. */
  readonly summary: string;
}

/**
 * Effects a step asks for, to be performed in order by the gateway.
 *
 * `score` pauses the conversation until its `scored` event; `listen`, `handover`, `transfer` and `end` close a turn.
 */
export type DialogAction =
  /** The conversation passed or reached a node; for traces and coverage. */
  | { readonly type: 'entered'; readonly nodeId: string }
  | { readonly type: 'say'; readonly prompt: Prompt; readonly nodeId: string }
  | { readonly type: 'listen'; readonly listen: ListenSpec; readonly nodeId: string }
  | {
      readonly type: 'score';
      readonly scoreId: number;
      readonly text: string;
      readonly nodeId: string;
      readonly branchIds: readonly string[];
    }
  /** Pauses the conversation until its `called` event, like `score`. */
  | { readonly type: 'call'; readonly call: CallSpec; readonly nodeId: string }
  /** A slot was given a value taken from what the user said (or pressed). */
  | {
      readonly type: 'filled';
      readonly slot: string;
      readonly value: Value;
      /** The words it was taken from. */
      readonly raw: string;
      readonly nodeId: string;
    }
  /** Something of the tree did not work (an expression, a bound); the conversation goes on without it. */
  | { readonly type: 'fault'; readonly message: string; readonly nodeId: string }
  /** The user said no to "did you mean …?" or to every branch of "A or B?": `text` is what they had said before. */
  | {
      readonly type: 'denied';
      readonly branchIds: readonly string[];
      readonly text: string;
      readonly nodeId: string;
    }
  | { readonly type: 'tag'; readonly tags: readonly string[] }
  | { readonly type: 'handover'; readonly handover: HandoverSpec; readonly nodeId: string }
  | { readonly type: 'transfer'; readonly target: string; readonly nodeId: string }
  | { readonly type: 'end'; readonly nodeId: string }
  /** Why this turn went where it went; for traces, metrics and templates, never needed for correctness. */
  | { readonly type: 'decided'; readonly decision: Decision };

/** One decision, as the operator sees it in a trace. */
export interface Decision {
  readonly nodeId: string;
  readonly nextNodeId: string;
  /**
   * What was taken: a branch, an arm of a condition (`if 1`), `ok` or `error` of a call, `yes` or `no` of an ask; null
   * where a node has one way on.
   */
  readonly branchId: string | null;
  /** 0 to 1, or null where no score was needed (DTMF, asks). */
  readonly score: number | null;
  readonly zone: Zone;
  readonly threshold: number | null;
  /** All scores of the utterance, best first; empty where none was needed. */
  readonly scores: readonly ScoredBranch[];
  /** The branches asked about in zone `choose`, best first. */
  readonly options: readonly string[];
}

/** How a decision came about. */
export const zones = [
  'accept',
  'confirm',
  /** "A or B?" */
  'choose',
  'reject',
  'dtmf',
  'slot',
  'no-input',
  'no-match',
  /** Decided by the tree, without the user. */
  'condition',
  'called',
] as const;

export type Zone = (typeof zones)[number];

/** What an utterance of the bot is made of; every channel gets what it can show. */
export interface Prompt {
  /** Plain text for speech and for transcripts. */
  readonly voice: string;
  /** Text for chat. */
  readonly chat: string;
  /** False: the caller cannot interrupt it. */
  readonly bargeIn: boolean;
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
  | { readonly type: 'say'; readonly prompt: Prompt; readonly nodeId: string }
  | { readonly type: 'listen'; readonly listen: ListenSpec; readonly nodeId: string }
  | {
      readonly type: 'score';
      readonly scoreId: number;
      readonly text: string;
      readonly nodeId: string;
      readonly branchIds: readonly string[];
    }
  | { readonly type: 'tag'; readonly tags: readonly string[] }
  | { readonly type: 'handover'; readonly handover: HandoverSpec; readonly nodeId: string }
  | { readonly type: 'transfer'; readonly target: string; readonly nodeId: string }
  | { readonly type: 'end'; readonly nodeId: string }
  /** Why this turn went where it went; for traces, metrics and templates, never needed for correctness. */
  | { readonly type: 'decided'; readonly decision: Decision };

/** One branch decision, as the operator sees it in a trace. */
export interface Decision {
  readonly nodeId: string;
  readonly nextNodeId: string;
  readonly branchId: string | null;
  /** 0 to 1, or null where no score was needed (DTMF, asks). */
  readonly score: number | null;
  readonly zone: 'accept' | 'confirm' | 'reject' | 'dtmf' | 'slot' | 'no-input' | 'no-match';
  readonly threshold: number | null;
}

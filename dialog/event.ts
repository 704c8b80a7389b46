import type { CallOutcome } from './action.js';
import type { ScoredBranch } from './scoring.js';
import type { Value } from './value.js';

/** Where a turn comes from; decides which text of a prompt is used. */
export type DialogChannel = 'voice' | 'chat';

/**
 * Everything that can happen to a conversation. Time comes with each event (Unix milliseconds); scores and slot
 * look-ups arrive as events because `step` computes nothing that needs the world.
 */
export type DialogEvent =
  | {
      readonly type: 'started';
      readonly nowMs: number;
      readonly channel: DialogChannel;
      readonly variables: Readonly<Record<string, Value>>;
    }
  /** The user said or wrote something. `confidence` is the recogniser's, 0 to 1 (1 for typed text). */
  | { readonly type: 'text'; readonly nowMs: number; readonly text: string; readonly confidence: number }
  | { readonly type: 'dtmf'; readonly nowMs: number; readonly digits: string }
  | { readonly type: 'no-input'; readonly nowMs: number }
  /** Speech was heard and not recognised. */
  | { readonly type: 'no-match'; readonly nowMs: number }
  /** Answer to a `score` action, by its id. `degraded` says that a fallback scorer served. */
  | {
      readonly type: 'scored';
      readonly nowMs: number;
      readonly scoreId: number;
      readonly scores: readonly ScoredBranch[];
      readonly degraded: boolean;
    }
  /** Answer to a `call` action, by its id. */
  | {
      readonly type: 'called';
      readonly nowMs: number;
      readonly callId: number;
      readonly outcome: CallOutcome;
    }
  /** A human handed the conversation back. */
  | { readonly type: 'resumed'; readonly nowMs: number }
  | { readonly type: 'hung-up'; readonly nowMs: number };

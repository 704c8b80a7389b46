import type { CallOutcome, CallSpec, DialogAction } from './action.js';
import type { DialogChannel, DialogEvent } from './event.js';
import type { ScoredBranch } from './scoring.js';
import { initialState, type DialogState } from './state.js';
import { step } from './step.js';
import type { DialogTree } from './tree.js';
import type { Value } from './value.js';

/** Answers a `score` action at once. */
export type ScoreNow = (
  nodeId: string,
  text: string,
  branchIds: readonly string[],
) => readonly ScoredBranch[];

/** Answers a `call` action at once; null leaves the conversation waiting for `called`. */
export type CallNow = (call: CallSpec) => CallOutcome | null;

export interface SimulationOptions {
  readonly callNow?: CallNow;
  /** Unix milliseconds at which time stands still. */
  readonly nowMs?: number;
}

/**
 * A conversation without a gateway, for stories and tests: time stands still, scores and answers come at once.
 */
export class Simulation {
  readonly #tree: DialogTree;
  readonly #scoreNow: ScoreNow;
  readonly #callNow: CallNow;
  readonly #nowMs: number;
  #state: DialogState;

  constructor(tree: DialogTree, scoreNow: ScoreNow, options: SimulationOptions = {}) {
    this.#tree = tree;
    this.#scoreNow = scoreNow;
    this.#callNow = options.callNow ?? (() => null);
    this.#nowMs = options.nowMs ?? 0;
    this.#state = initialState(tree);
  }

  get state(): DialogState {
    return this.#state;
  }

  start(channel: DialogChannel = 'voice', variables: Record<string, Value> = {}): readonly DialogAction[] {
    return this.send({ type: 'started', nowMs: this.#nowMs, channel, variables });
  }

  text(text: string): readonly DialogAction[] {
    return this.send({ type: 'text', nowMs: this.#nowMs, text, confidence: 1 });
  }

  keys(digits: string): readonly DialogAction[] {
    return this.send({ type: 'dtmf', nowMs: this.#nowMs, digits });
  }

  silence(): readonly DialogAction[] {
    return this.send({ type: 'no-input', nowMs: this.#nowMs });
  }

  noMatch(): readonly DialogAction[] {
    return this.send({ type: 'no-match', nowMs: this.#nowMs });
  }

  /** A human hands the conversation back. */
  resume(): readonly DialogAction[] {
    return this.send({ type: 'resumed', nowMs: this.#nowMs });
  }

  /** One event, and the scores and answers it asks for; the actions of all. */
  send(event: DialogEvent): readonly DialogAction[] {
    const all: DialogAction[] = [];
    for (let next: DialogEvent | null = event; next;) {
      const [state, actions]: [DialogState, readonly DialogAction[]] = step(this.#tree, this.#state, next);
      this.#state = state;
      all.push(...actions);
      next = this.#answer(actions);
    }
    return all;
  }

  #answer(actions: readonly DialogAction[]): DialogEvent | null {
    const nowMs = this.#nowMs;
    for (const action of actions) {
      if (action.type === 'score') {
        const { scoreId, nodeId, text, branchIds } = action;
        const scores = this.#scoreNow(nodeId, text, branchIds);
        return { type: 'scored', nowMs, scoreId, scores, degraded: false };
      }
      if (action.type === 'call') {
        const outcome = this.#callNow(action.call);
        return outcome && { type: 'called', nowMs, callId: action.call.callId, outcome };
      }
    }
    return null;
  }
}

/** The texts a list of actions says, as the channel shows them. */
export function saidIn(actions: readonly DialogAction[], channel: DialogChannel = 'voice'): string[] {
  return actions.flatMap((action) => (action.type === 'say' ? [action.prompt[channel]] : []));
}

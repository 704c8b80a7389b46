import type { DialogAction } from './action.js';
import type { DialogChannel, DialogEvent } from './event.js';
import type { ScoredBranch } from './scoring.js';
import { initialState, type DialogState } from './state.js';
import { step } from './step.js';
import type { DialogTree } from './tree.js';

/** Answers a `score` action at once. */
export type ScoreNow = (
  nodeId: string,
  text: string,
  branchIds: readonly string[],
) => readonly ScoredBranch[];

/**
 * A conversation without a gateway, for stories and tests: time stands still and scores come at once.
 */
export class Simulation {
  readonly #tree: DialogTree;
  readonly #scoreNow: ScoreNow;
  #state: DialogState;

  constructor(tree: DialogTree, scoreNow: ScoreNow) {
    this.#tree = tree;
    this.#scoreNow = scoreNow;
    this.#state = initialState(tree);
  }

  get state(): DialogState {
    return this.#state;
  }

  start(channel: DialogChannel = 'voice', variables: Record<string, string> = {}): readonly DialogAction[] {
    return this.send({ type: 'started', nowMs: 0, channel, variables });
  }

  text(text: string): readonly DialogAction[] {
    return this.send({ type: 'text', nowMs: 0, text, confidence: 1 });
  }

  keys(digits: string): readonly DialogAction[] {
    return this.send({ type: 'dtmf', nowMs: 0, digits });
  }

  silence(): readonly DialogAction[] {
    return this.send({ type: 'no-input', nowMs: 0 });
  }

  /** One event and the scores it asks for; the actions of both. */
  send(event: DialogEvent): readonly DialogAction[] {
    const [state, actions] = step(this.#tree, this.#state, event);
    this.#state = state;
    const question = actions.find((action) => action.type === 'score');
    if (!question) return actions;
    const { scoreId, nodeId, text, branchIds } = question;
    const scores = this.#scoreNow(nodeId, text, branchIds);
    return [...actions, ...this.send({ type: 'scored', nowMs: 0, scoreId, scores, degraded: false })];
  }
}

/** The texts a list of actions says, as the channel shows them. */
export function saidIn(actions: readonly DialogAction[], channel: DialogChannel = 'voice'): string[] {
  return actions.flatMap((action) => (action.type === 'say' ? [action.prompt[channel]] : []));
}

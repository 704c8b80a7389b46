import type { DialogAction, Prompt, Zone } from './action.js';
import type { DialogEvent } from './event.js';
import type { ScoredBranch } from './scoring.js';
import { scoreNowOf } from './score-now.js';
import type { ScoreNow } from './simulate.js';
import { initialState, type DialogState, type Phase } from './state.js';
import { step } from './step.js';
import { isWaiting, type Branch, type DialogNode, type DialogTree } from './tree.js';
import type { RecordedQuestion, TurnRecord } from './turn-record.js';
import type { Value } from './value.js';

/** What a tree makes of a recorded utterance. */
export interface Outcome {
  readonly zone: Zone;
  readonly branch: string | null;
  /** 0 to 1; null where nothing was scored. */
  readonly score: number | null;
  readonly threshold: number | null;
  /** Where the decision leads. */
  readonly next: string;
  /** What an ask read out of it; null for none. */
  readonly value: Value;
  /** The best few scores, best first. */
  readonly scores: readonly ScoredBranch[];
}

export type Redecided =
  | { readonly type: 'decided'; readonly outcome: Outcome }
  /** The node is not there, or does not wait for anybody. */
  | { readonly type: 'gone' }
  /** Keys, silences, and replies to what was read back: the matcher has no say in them. */
  | { readonly type: 'other' };

const keptScores = 5;

const nothing: Prompt = { voice: '', chat: '', bargeIn: true };

/**
 * Decides recorded utterances again, each at its node, with the same pure engine, the thresholds of the tree and the
 * in-box matcher.
 *
 * A record does not hold the variables of its conversation. Branches with a condition are open here unless the record
 * says that they were closed; what a node's other expressions need is empty.
 */
export class Redecider {
  readonly #tree: DialogTree;
  readonly #scoreNow: ScoreNow;

  constructor(tree: DialogTree) {
    this.#tree = withoutConditions(tree);
    this.#scoreNow = scoreNowOf(tree);
  }

  decide(record: TurnRecord): Redecided {
    const { input, language, node, question } = record;
    if (input.type !== 'text' || question?.kind === 'answer') return { type: 'other' };
    if (!isWaiting(this.#tree.nodes.get(node))) return { type: 'gone' };
    const tree = this.#tree;
    const before: DialogState = {
      ...initialState(tree),
      channel: record.channel,
      language: tree.languages.includes(language) ? language : tree.language,
      nodeId: node,
      phase: phaseOf(question),
    };
    const outcome = this.#turn(before, record, { ...input, nowMs: record.atMs });
    return outcome ? { type: 'decided', outcome } : { type: 'other' };
  }

  #turn(before: DialogState, { atMs, closed }: TurnRecord, said: DialogEvent): Outcome | null {
    let state = before;
    let event: DialogEvent = said;
    // The second step is that of the scores.
    for (let steps = 0; steps < 2; steps++) {
      const [after, actions]: [DialogState, readonly DialogAction[]] = step(this.#tree, state, event);
      state = after;
      const question = actions.find((action) => action.type === 'score');
      if (!question) return outcomeOf(actions, after);
      const { branchIds, nodeId, scoreId, text } = question;
      const open = branchIds.filter((id) => !closed.includes(id));
      const scores = this.#scoreNow(nodeId, text, open);
      event = { type: 'scored', nowMs: atMs, scoreId, scores, degraded: false };
    }
    return null;
  }
}

function outcomeOf(actions: readonly DialogAction[], after: DialogState): Outcome | null {
  const decided = actions.find((action) => action.type === 'decided');
  if (!decided) return null;
  const { branchId, nextNodeId, score, scores, threshold, zone } = decided.decision;
  const filled = actions.find((action) => action.type === 'filled');
  const { phase } = after;
  const value = filled?.value ?? (phase.name === 'confirming-answer' ? phase.answer.value : null);
  return {
    zone,
    branch: branchId,
    score,
    threshold,
    next: nextNodeId,
    value,
    scores: scores.slice(0, keptScores),
  };
}

function phaseOf(question: RecordedQuestion | null): Phase {
  if (!question) return { name: 'listening' };
  const { branches, text } = question;
  if (question.kind === 'choose') return { name: 'choosing', branchIds: branches, text, question: nothing };
  return { name: 'confirming-branch', branchId: branches[0] ?? '', text, question: nothing };
}

function withoutConditions(tree: DialogTree): DialogTree {
  const open = (branch: Branch): Branch => ({ ...branch, when: null });
  const nodes = new Map<string, DialogNode>();
  for (const [id, node] of tree.nodes)
    nodes.set(id, node.kind === 'listen' ? { ...node, branches: node.branches.map(open) } : node);
  return { ...tree, nodes, globals: tree.globals.map(open) };
}

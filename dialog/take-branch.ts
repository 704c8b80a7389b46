import { dialogLimits } from '../config/limits.js';
import type { Decision } from './action.js';
import { enterNode } from './enter-node.js';
import { fail, repeatPrompts } from './ladder.js';
import { branchesAt, type AskNode, type Branch, type WaitingNode } from './tree.js';
import type { Turn } from './turn.js';
import { waitForYesNo } from './wait.js';

/** How a branch was found. */
export type Found = Pick<Decision, 'score' | 'zone' | 'threshold'>;

/** The branch of this id at a node, globals included. */
export function findBranch(turn: Turn, node: WaitingNode, branchId: string | null): Branch | null {
  return branchesAt(turn.tree, node).find(({ id }) => id === branchId) ?? null;
}

/** Does what an understood branch says: moves on, or repeats the last prompts. */
export function takeBranch(turn: Turn, node: WaitingNode, branch: Branch, found: Found): void {
  const { effect } = branch;
  if (effect.type === 'repeat') {
    // A user who wants everything repeated so often does not hear us.
    if (turn.count('repeats').node > dialogLimits.repeatsPerNode) {
      fail(turn, node, 'noMatch', { ...found, branchId: branch.id });
      return;
    }
    turn.decided({ ...found, branchId: branch.id, nextNodeId: node.id });
    turn.tag(branch.tags);
    repeatPrompts(turn, node);
    return;
  }
  turn.decided({ ...found, branchId: branch.id, nextNodeId: effect.target });
  turn.tag(branch.tags);
  turn.understood();
  enterNode(turn, effect.target);
}

/** Asks "did you mean …?" before taking a branch. */
export function confirmBranch(turn: Turn, node: WaitingNode, branch: Branch, found: Found): void {
  turn.decided({ ...found, branchId: branch.id, nextNodeId: node.id });
  const question = turn.prompt(turn.tree.confirmBranch, { label: branch.label });
  turn.setPhase({ name: 'confirming-branch', branchId: branch.id, question });
  turn.say(question);
  waitForYesNo(turn, node);
}

/** Reads an answer back where the node wants that, or takes it. */
export function considerAnswer(turn: Turn, node: AskNode, answer: string, viaKeys: boolean): void {
  if (!node.confirm) {
    takeAnswer(turn, node, answer, viaKeys);
    return;
  }
  turn.decided({
    branchId: null,
    score: null,
    threshold: null,
    zone: viaKeys ? 'dtmf' : 'slot',
    nextNodeId: node.id,
  });
  const question = turn.prompt(node.confirm, { [node.slot]: answer });
  turn.setPhase({ name: 'confirming-answer', answer, question });
  turn.say(question);
  waitForYesNo(turn, node);
}

/** Keeps the answer and goes on. */
export function takeAnswer(turn: Turn, node: AskNode, answer: string, viaKeys: boolean): void {
  const nextNodeId = node.answer.type === 'yes-no' && answer === 'no' ? node.goNo : node.go;
  turn.decided({ branchId: null, score: null, threshold: null, zone: viaKeys ? 'dtmf' : 'slot', nextNodeId });
  turn.setVariable(node.slot, answer);
  turn.understood();
  enterNode(turn, nextNodeId);
}

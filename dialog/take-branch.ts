import { dialogLimits } from '../config/limits.js';
import type { Decision } from './action.js';
import { alternatives } from './default-texts.js';
import { cancelFrame, dropFrames } from './frames.js';
import { fail } from './ladder.js';
import type { OpenQuestion } from './state.js';
import { fillAlong } from './take-answer.js';
import { globalPrefix, type Branch, type WaitingNode } from './tree.js';
import type { Turn } from './turn.js';
import { askAgain, askBack, labelOf, labelsOf } from './wait.js';

/** How a branch was found. */
export type Found = Pick<Decision, 'score' | 'zone' | 'threshold'> & Partial<Pick<Decision, 'scores'>>;

/** What a branch was taken for. */
export interface Chosen {
  readonly branch: Branch;
  readonly found: Found;
  /** The sentence; empty for keys. */
  readonly text: string;
}

/**
 * Does what an understood branch says. Returns the next node; null when the user has the word again.
 *
 * `open` is the question about an earlier sentence that a digression leaves open.
 */
export function takeBranch(
  turn: Turn,
  node: WaitingNode,
  { branch, found, text }: Chosen,
  open: OpenQuestion | null = null,
): string | null {
  const { effect, id: branchId } = branch;
  const decided = (nextNodeId: string): void => {
    turn.decided({ ...found, branchId, nextNodeId });
    turn.tag(branch.tags);
  };
  if (effect.type === 'repeat' || effect.type === 'help') {
    // A user who wants everything repeated so often does not hear us.
    if (turn.count('repeats').node > dialogLimits.repeatsPerNode)
      return fail(turn, node, 'noMatch', { ...found, branchId });
    decided(node.id);
    if (effect.type === 'help') sayHelp(turn, node);
    askAgain(turn, node);
    return null;
  }
  turn.understood();
  fillAlong(turn, branch.fill, text);
  switch (effect.type) {
    case 'go':
      decided(effect.target);
      if (branchId.startsWith(globalPrefix)) dropFrames(turn);
      return effect.target;
    case 'visit': {
      decided(effect.target);
      const { lastPrompts, nodeCounts } = turn.state;
      turn.push({ type: 'digression', nodeId: node.id, open, lastPrompts, nodeCounts });
      return effect.target;
    }
    case 'back': {
      const previous = turn.previousQuestion();
      decided(previous ?? node.id);
      if (previous === null) askAgain(turn, node);
      return previous;
    }
    case 'cancel': {
      const top = turn.state.frames.at(-1);
      decided(top?.nodeId ?? effect.target);
      const cancelled = cancelFrame(turn);
      return cancelled ? cancelled.next : effect.target;
    }
    case 'language':
      turn.setLanguage(effect.language);
      decided(node.id);
      return node.id;
  }
}

/** Asks "did you mean …?" before taking a branch. */
export function confirmBranch(turn: Turn, node: WaitingNode, { branch, found, text }: Chosen): void {
  turn.decided({ ...found, branchId: branch.id, nextNodeId: node.id });
  const label = labelOf(turn, branch.label);
  const question = turn.prompt(turn.tree.texts.confirmBranch, new Map([['label', label]]));
  askBack(turn, node, { name: 'confirming-branch', branchId: branch.id, text, question });
}

/** Asks "A or B?" before taking one of several branches. */
export function chooseBranch(
  turn: Turn,
  node: WaitingNode,
  options: readonly string[],
  found: Found,
  text: string,
): void {
  turn.decided({ ...found, branchId: options[0] ?? null, nextNodeId: node.id, options });
  const labels = labelsOf(turn, node, options);
  const list = alternatives(labels, turn.state.language);
  const question = turn.prompt(turn.tree.texts.chooseBranch, new Map([['options', list]]));
  const quickReplies = labels.map((label) => ({ title: label, value: label }));
  askBack(turn, node, {
    name: 'choosing',
    branchIds: options,
    text,
    question: { ...question, quickReplies },
  });
}

/** The node's help, else the tree's, else what the node says after a misunderstanding. */
function sayHelp(turn: Turn, node: WaitingNode): void {
  const help = node.help ?? turn.tree.texts.help ?? node.noMatch.prompts.at(-1);
  if (help) turn.say(turn.prompt(help));
}

import { dialogLimits } from '../config/limits.js';
import { waitForUser } from './wait.js';
import { isWaiting, type DialogNode, type HandoverNode, type WaitingNode } from './tree.js';
import type { Turn } from './turn.js';

/**
 * Moves to a node and on through those that need no user, until one waits or the conversation is over.
 *
 * After `dialogLimits.stepsWithoutUserTurn` moves a human is asked for: the loader refuses such cycles, this is for
 * trees made otherwise.
 */
export function enterNode(turn: Turn, firstNodeId: string): void {
  turn.forgetPrompts();
  let nodeId: string | null = firstNodeId;
  for (let moves = 0; nodeId !== null; moves++) {
    const node = turn.tree.nodes.get(nodeId);
    if (!node || moves >= dialogLimits.stepsWithoutUserTurn) {
      handOverToAnyone(turn, node ? 'loop' : 'missing-node');
      return;
    }
    turn.arrive(nodeId);
    turn.tag(node.tags);
    if (node.say) turn.sayRepeatably(turn.prompt(node.say));
    nodeId = pass(turn, node);
  }
}

/** Handover without a node of the tree: the last resort, to the queue `default`; a human resumes at the start. */
export function handOverToAnyone(turn: Turn, reason: string): void {
  turn.handOver('default', reason, summaryOf(turn), turn.tree.start);
}

/** Does what a node does; returns the next node, or null when it waits or the conversation is over. */
function pass(turn: Turn, node: DialogNode): string | null {
  switch (node.kind) {
    case 'say':
      return node.go;
    case 'set':
      for (const [name, value] of node.values) turn.setVariable(name, turn.fill(value, false));
      return node.go;
    case 'listen':
    case 'ask':
      startWaiting(turn, node);
      return null;
    case 'handover':
      turn.handOver(node.queue, node.reason, summaryFor(turn, node), node.resume);
      return null;
    case 'transfer':
      turn.transfer(turn.fill(node.target, false));
      return null;
    case 'end':
      turn.end();
      return null;
  }
}

function startWaiting(turn: Turn, node: WaitingNode): void {
  const question = node.kind === 'ask' ? node.prompts[0] : undefined;
  if (question) turn.sayRepeatably(turn.prompt(question));
  waitForUser(turn, node);
}

function summaryFor(turn: Turn, node: HandoverNode): string {
  return node.summary === null ? summaryOf(turn) : turn.fill(node.summary, false);
}

/** What is known and what was said, one fact a line. */
function summaryOf({ state }: Turn): string {
  const known = Object.entries(state.variables).map(([name, value]) => `${name}: ${value}`);
  const heard = state.heard.map((text) => `> ${text}`);
  return [...known, ...heard].join('\n').slice(0, dialogLimits.textCharacters);
}

/** The waiting node a conversation stands at, or null. */
export function waitingNode({ tree, state }: Turn): WaitingNode | null {
  const node = tree.nodes.get(state.nodeId);
  return isWaiting(node) ? node : null;
}

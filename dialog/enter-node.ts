import { dialogLimits } from '../config/limits.js';
import type { CallOperation } from './action.js';
import { endDigressionsTo, enterSubtree, returnFrom } from './frames.js';
import { handOverToAnyone, summaryOf } from './last-resort.js';
import { considerAnswer, isValid } from './take-answer.js';
import {
  isWaiting,
  type AskNode,
  type CallNode,
  type CallOperationTemplate,
  type ConditionNode,
  type DialogNode,
  type HandoverNode,
  type WaitingNode,
} from './tree.js';
import type { Turn } from './turn.js';
import { textOf } from './value.js';
import { ask } from './wait.js';

/**
 * Moves to a node and on through those that need no user, until one waits or the conversation is over.
 *
 * After `dialogLimits.stepsWithoutUserTurn` moves since the user last spoke a human is asked for: no tree, whatever
 * its conditions and services say, goes in circles.
 */
export function enterNode(turn: Turn, firstNodeId: string): void {
  turn.forgetPrompts();
  let nodeId: string | null = firstNodeId;
  while (nodeId !== null) {
    const node = turn.tree.nodes.get(nodeId);
    if (!node || turn.state.moves >= dialogLimits.stepsWithoutUserTurn) {
      handOverToAnyone(turn, node ? 'loop' : 'missing-node');
      return;
    }
    turn.arrive(nodeId);
    endDigressionsTo(turn, nodeId);
    turn.tag(node.tags);
    if (node.say) turn.sayRepeatably(turn.prompt(node.say));
    nodeId = pass(turn, node);
  }
}

/** Does what a node does; returns the next node, or null when it waits or the conversation is over. */
function pass(turn: Turn, node: DialogNode): string | null {
  switch (node.kind) {
    case 'say':
      return node.go;
    case 'set':
      for (const [name, value] of node.values) turn.setVariable(name, turn.compute(value));
      return node.go;
    case 'condition':
      return takeArm(turn, node);
    case 'call':
      askService(turn, node);
      return null;
    case 'subtree':
      return enterSubtree(turn, node);
    case 'return':
      return returnFrom(turn, node);
    case 'listen':
      ask(turn, node);
      return null;
    case 'ask':
      return startAsking(turn, node);
    case 'handover':
      turn.handOver(node.queue, node.reason, summaryFor(turn, node), node.resume);
      return null;
    case 'transfer':
      turn.transfer(turn.fill(node.target));
      return null;
    case 'end':
      turn.end();
      return null;
  }
}

/** The loader sees to it that the last arm has no condition. */
function takeArm(turn: Turn, node: ConditionNode): string | null {
  const taken = node.arms.findIndex(({ when }) => when === null || turn.evaluate(when) === true);
  const arm = node.arms[taken];
  if (!arm) {
    handOverToAnyone(turn, 'no-condition');
    return null;
  }
  const branchId = arm.when ? `if ${taken + 1}` : 'else';
  turn.decided({ branchId, score: null, threshold: null, zone: 'condition', nextNodeId: arm.target });
  return arm.target;
}

function askService(turn: Turn, node: CallNode): void {
  const { service, operation, timeoutMs, retries, filler, fillerAfterMs } = node;
  turn.call({
    service,
    operation: operationOf(turn, operation),
    input: turn.computeAll(node.input),
    timeoutMs,
    retries,
    filler: filler && turn.prompt(filler),
    fillerAfterMs,
  });
}

function operationOf(turn: Turn, operation: CallOperationTemplate): CallOperation {
  if (operation.type === 'grpc') return operation;
  const path = operation.path.fill(turn.scope(), (_name, value) => pathSegment(textOf(value)));
  return { ...operation, path };
}

/** A value inside a path: it cannot leave its segment. */
function pathSegment(text: string): string {
  const encoded = encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\u{fffd}'));
  return encoded === '.' || encoded === '..' ? encoded.replaceAll('.', '%2E') : encoded;
}

/** An ask whose slot is known already is passed: its value came along with another answer, or was there before. */
function startAsking(turn: Turn, node: AskNode): string | null {
  const { ahead, variables, filled } = turn.state;
  const value = Object.hasOwn(variables, node.slot) ? (variables[node.slot] ?? null) : null;
  const known = value !== null && (ahead.includes(node.slot) || node.skipFilled);
  if (known && isValid(turn, node, value)) {
    const raw = Object.hasOwn(filled, node.slot) ? (filled[node.slot]?.raw ?? '') : '';
    return considerAnswer(turn, node, { value, raw }, 'slot');
  }
  ask(turn, node);
  return null;
}

function summaryFor(turn: Turn, node: HandoverNode): string {
  return node.summary === null ? summaryOf(turn) : turn.fill(node.summary);
}

/** The waiting node a conversation stands at, or null. */
export function waitingNode({ tree, state }: Turn): WaitingNode | null {
  const node = tree.nodes.get(state.nodeId);
  return isWaiting(node) ? node : null;
}

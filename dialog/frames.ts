import { dialogLimits } from '../config/limits.js';
import { handOverToAnyone } from './last-resort.js';
import type { Frame } from './state.js';
import { isWaiting, type ReturnNode, type SubtreeNode } from './tree.js';
import type { Turn } from './turn.js';
import type { Value, ValueMap } from './value.js';
import { askAgain, ask } from './wait.js';

/** A digression that has found its own way back to the node it interrupted is over. */
export function endDigressionsTo(turn: Turn, nodeId: string): void {
  const { frames } = turn.state;
  const at = frames.findIndex((frame) => frame.type === 'digression' && frame.nodeId === nodeId);
  if (at < 0 || frames.slice(at).some(({ type }) => type === 'subtree')) return;
  for (let depth = frames.length; depth > at; depth--) turn.pop();
}

/** Starts a sub-tree with its parameters; returns its first node. */
export function enterSubtree(turn: Turn, node: SubtreeNode): string | null {
  const subtree = turn.tree.subtrees.get(node.subtree);
  if (!subtree) {
    handOverToAnyone(turn, 'missing-node');
    return null;
  }
  if (turn.state.frames.length >= dialogLimits.stackDepth) {
    turn.fault(`sub-trees and digressions are more than ${dialogLimits.stackDepth} deep`);
    handOverToAnyone(turn, 'too-deep');
    return null;
  }
  const parameters = turn.computeAll(node.parameters);
  const { variables } = turn.state;
  const saved: Record<string, Value> = {};
  for (const name of subtree.locals) {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== undefined) saved[name] = value;
  }
  turn.push({ type: 'subtree', nodeId: node.id, subtree: node.subtree, saved });
  turn.restoreVariables(subtree.locals, {});
  for (const name of subtree.parameters)
    if (Object.hasOwn(parameters, name)) turn.setVariable(name, parameters[name] ?? null);
  return subtree.start;
}

/** Goes back to what the top frame remembers; returns the next node, or null when a question was asked again. */
export function returnFrom(turn: Turn, node: ReturnNode): string | null {
  const results = turn.computeAll(node.results);
  const frame = turn.pop();
  if (!frame) return node.otherwise;
  return frame.type === 'digression' ? resume(turn, frame) : leaveSubtree(turn, frame, results);
}

/** Ends the top frame without a result: the interrupted question again, or the node after the sub-tree; false: none. */
export function cancelFrame(turn: Turn): { readonly next: string | null } | null {
  const frame = turn.pop();
  if (!frame) return null;
  return { next: frame.type === 'digression' ? resume(turn, frame) : leaveSubtree(turn, frame, {}) };
}

/** Forgets everything that was to be gone on with: the conversation goes somewhere else for good. */
export function dropFrames(turn: Turn): void {
  for (let frame = turn.pop(); frame; frame = turn.pop()) if (frame.type === 'subtree') restore(turn, frame);
}

function leaveSubtree(
  turn: Turn,
  frame: Extract<Frame, { type: 'subtree' }>,
  results: ValueMap,
): string | null {
  restore(turn, frame);
  const caller = turn.tree.nodes.get(frame.nodeId);
  if (caller?.kind !== 'subtree') {
    handOverToAnyone(turn, 'missing-node');
    return null;
  }
  for (const [name, result] of caller.into)
    turn.setVariable(name, Object.hasOwn(results, result) ? (results[result] ?? null) : null);
  return caller.go;
}

function restore(turn: Turn, { subtree, saved }: Extract<Frame, { type: 'subtree' }>): void {
  turn.restoreVariables(turn.tree.subtrees.get(subtree)?.locals ?? [], saved);
}

/** Says that we are back, and asks the interrupted question: the same slot, the same read-back. */
function resume(turn: Turn, frame: Extract<Frame, { type: 'digression' }>): string | null {
  const node = turn.tree.nodes.get(frame.nodeId);
  if (!isWaiting(node)) {
    handOverToAnyone(turn, 'missing-node');
    return null;
  }
  turn.reopen(frame);
  turn.say(turn.prompt(turn.tree.texts.resume));
  turn.setPhase(frame.open ?? { name: 'listening' });
  if (frame.open || frame.lastPrompts.length > 0) askAgain(turn, node);
  else ask(turn, node);
  return null;
}

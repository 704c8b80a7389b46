import { dialogLimits } from '../config/limits.js';
import { branchesAt, type Branch, type WaitingNode } from './tree.js';
import type { Turn } from './turn.js';

/**
 * The branches that are open at a node now: its own and the globals, without those whose condition does not hold and
 * without digressions where the node or the depth of the stack forbids them.
 */
export function offeredBranches(turn: Turn, node: WaitingNode): Branch[] {
  const mayDigress = node.interruptible && turn.state.frames.length < dialogLimits.stackDepth;
  return branchesAt(turn.tree, node).filter(
    ({ when, effect }) =>
      (mayDigress || effect.type !== 'visit') && (when === null || turn.evaluate(when) === true),
  );
}

/** The open branch of this id at a node, globals included. */
export function findBranch(turn: Turn, node: WaitingNode, branchId: string | null): Branch | null {
  if (branchId === null) return null;
  return offeredBranches(turn, node).find(({ id }) => id === branchId) ?? null;
}

import { isWaiting, targetsOf, type DialogNode, type DialogTree } from './tree.js';

/**
 * The nodes that a node may move to without the user: none for those that wait or end.
 *
 * A sub-tree's call moves to its first node, and past it where the sub-tree can return without having asked anything.
 */
export function automaticMoves(tree: DialogTree, node: DialogNode): string[] {
  switch (node.kind) {
    case 'say':
    case 'set':
    case 'condition':
    case 'call':
      return targetsOf(node);
    case 'subtree': {
      const start = tree.subtrees.get(node.subtree)?.start;
      return start === undefined ? [node.go] : [start, ...(passes(tree, start) ? [node.go] : [])];
    }
    default:
      return [];
  }
}

/** True when a `return` can be reached from a node without the user. */
function passes(tree: DialogTree, start: string): boolean {
  const seen = new Set<string>();
  const open = [start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = tree.nodes.get(id);
    if (!node || seen.has(id)) continue;
    if (node.kind === 'return') return true;
    seen.add(id);
    // A sub-tree inside is taken to pass: this only makes the warnings one too many.
    if (node.kind === 'subtree') open.push(node.go);
    else if (!isWaiting(node) && node.kind !== 'handover') open.push(...automaticMoves(tree, node));
  }
  return false;
}

/** The groups of nodes that can go round without the user, each in the order in which it was found. */
export function automaticCycles(tree: DialogTree): DialogNode[][] {
  const moves = new Map<string, string[]>();
  for (const node of tree.nodes.values()) moves.set(node.id, automaticMoves(tree, node));
  return stronglyConnected(moves)
    .filter(([first = '', second]) => second !== undefined || moves.get(first)?.includes(first) === true)
    .map((ids) => ids.map((id) => tree.nodes.get(id)).filter((node) => node !== undefined));
}

interface Visit {
  readonly id: string;
  next: number;
}

/** Tarjan's algorithm with a stack of its own: a chain of 10,000 nodes must not overflow ours. */
function stronglyConnected(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const groups: string[][] = [];
  const lower = (id: string, value: number): void => void low.set(id, Math.min(low.get(id) ?? value, value));
  for (const root of edges.keys()) {
    const visits: Visit[] = index.has(root) ? [] : [{ id: root, next: 0 }];
    for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
      const { id } = visit;
      if (visit.next === 0) {
        index.set(id, index.size);
        lower(id, index.get(id) ?? 0);
        stack.push(id);
        onStack.add(id);
      }
      const target = edges.get(id)?.[visit.next++];
      if (target === undefined) {
        visits.pop();
        const parent = visits.at(-1);
        if (parent) lower(parent.id, low.get(id) ?? 0);
        if (low.get(id) === index.get(id)) groups.push(takeGroup(stack, onStack, id));
      } else if (!index.has(target)) {
        if (edges.has(target)) visits.push({ id: target, next: 0 });
      } else if (onStack.has(target)) lower(id, index.get(target) ?? 0);
    }
  }
  return groups;
}

function takeGroup(stack: string[], onStack: Set<string>, first: string): string[] {
  const group = stack.splice(stack.lastIndexOf(first));
  for (const id of group) onStack.delete(id);
  return group;
}

import { isWaiting, targetsOf, type BranchEffect, type DialogNode, type DialogTree } from './tree.js';

/** Where a node may lead; nodes and stations, which bundle ways and whose ids no node can have. */
export type Ways = ReadonlyMap<string, readonly string[]>;

const globalsStation = ':globals';
const backStation = ':back';

/** Where `return` leads in a sub-tree. */
function returnStation(subtree: string): string {
  return `:return ${subtree}`;
}

export function targetOf(effect: BranchEffect): string | null {
  return 'target' in effect ? effect.target : null;
}

/** The sub-tree that a node is part of; null: none. */
export function subtreeOf(nodeId: string): string | null {
  const slash = nodeId.indexOf('/');
  return slash < 0 ? null : nodeId.slice(0, slash);
}

/**
 * Every way of a conversation, rather one too many: globals, ladders, fallbacks, sub-trees and the ways back from them
 * and from digressions.
 */
export function allWays(tree: DialogTree): Ways {
  const ways = new Map<string, string[]>();
  const back: string[] = [];
  const callers = new Map<string, string[]>();
  ways.set(globalsStation, targetsOfGlobals(tree));
  const visitedEverywhere = tree.globals.some(({ effect }) => effect.type === 'visit');
  for (const node of tree.nodes.values()) {
    const targets = [...targetsOf(node), ...specialWays(tree, node)];
    if (isWaiting(node)) {
      targets.push(globalsStation);
      const visits = node.kind === 'listen' && node.branches.some(({ effect }) => effect.type === 'visit');
      if (visits || visitedEverywhere) back.push(node.id);
    }
    if (node.kind === 'subtree') {
      const known = callers.get(node.subtree);
      if (known) known.push(node.go);
      else callers.set(node.subtree, [node.go]);
    }
    ways.set(node.id, targets);
  }
  ways.set(backStation, back);
  for (const name of tree.subtrees.keys()) ways.set(returnStation(name), callers.get(name) ?? []);
  return ways;
}

function specialWays(tree: DialogTree, node: DialogNode): string[] {
  if (node.kind === 'return') {
    const subtree = subtreeOf(node.id);
    return subtree === null ? [backStation] : [backStation, returnStation(subtree)];
  }
  if (node.kind === 'subtree') {
    const start = tree.subtrees.get(node.subtree)?.start;
    return start === undefined ? [] : [start];
  }
  const unmet =
    (node.kind === 'call' && node.onError === null) ||
    (isWaiting(node) && (node.noInput.then === null || node.noMatch.then === null));
  return unmet && tree.fallback !== null ? [tree.fallback] : [];
}

/** The ways that a user who is understood can take: no ladders and no errors. */
export function understoodWays(tree: DialogTree): Ways {
  const ways = new Map(allWays(tree));
  for (const node of tree.nodes.values()) {
    if (node.kind === 'listen')
      ways.set(node.id, [...node.branches.flatMap(({ effect }) => targetOf(effect) ?? []), globalsStation]);
    else if (node.kind === 'ask') ways.set(node.id, [node.go, node.goNo, globalsStation]);
    else if (node.kind === 'call') ways.set(node.id, [node.go]);
  }
  return ways;
}

export function targetsOfGlobals({ globals }: DialogTree): string[] {
  return globals.flatMap(({ effect }) => targetOf(effect) ?? []);
}

/** What can be reached from some nodes, they included. */
export function reachable(ways: Ways, from: Iterable<string>): Set<string> {
  const reached = new Set(from);
  const open = [...reached];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const target of ways.get(id) ?? []) {
      if (reached.has(target)) continue;
      reached.add(target);
      open.push(target);
    }
  }
  return reached;
}

/** The same ways, walked against their direction. */
export function reversed(ways: Ways): Ways {
  const back = new Map<string, string[]>();
  for (const [id, targets] of ways) {
    for (const target of targets) {
      const sources = back.get(target);
      if (sources) sources.push(id);
      else back.set(target, [id]);
    }
  }
  return back;
}

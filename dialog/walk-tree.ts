import type { TreePath } from './tree-problem.js';
import type { RawBranch, RawNode, RawTree } from './tree-schema.js';

/** Between the name of a sub-tree and that of its node; no id holds it. */
export const subtreeSeparator = '/';

/** A node of the file, with its place. */
export interface PlacedNode {
  /** As in `DialogTree.nodes`: `sub/node` inside a sub-tree. */
  readonly id: string;
  readonly node: RawNode;
  readonly path: TreePath;
  /** The sub-tree it is part of; null: none. */
  readonly subtree: string | null;
}

/** How much of a file a node is: one for itself and for each example. */
export function nodeWeight({ listen }: RawNode): number {
  return (listen?.branches ?? []).reduce((sum, { examples }) => sum + examples.length, 1);
}

/** Every node of a file: the tree's own, then those of its sub-trees. */
export function* nodesOf(raw: RawTree): Iterable<PlacedNode> {
  for (const [id, node] of Object.entries(raw.nodes)) yield { id, node, path: ['nodes', id], subtree: null };
  for (const [subtree, { nodes }] of Object.entries(raw.subtrees)) {
    for (const [id, node] of Object.entries(nodes)) {
      const path = ['subtrees', subtree, 'nodes', id];
      yield { id: subtree + subtreeSeparator + id, node, path, subtree };
    }
  }
}

/** Every branch of a file, globals first. */
export function* branchesOf(
  raw: RawTree,
): Iterable<{ branch: RawBranch; path: TreePath; nodeId: string | null }> {
  for (const [i, branch] of raw.globals.entries()) yield { branch, path: ['globals', i], nodeId: null };
  for (const { id, node, path } of nodesOf(raw)) {
    for (const [i, branch] of (node.listen?.branches ?? []).entries())
      yield { branch, path: [...path, 'listen', 'branches', i], nodeId: id };
  }
}

/** A place of the file that names a node, and the sub-tree it stands in. */
export interface NamedTarget {
  readonly target: string;
  readonly path: TreePath;
  readonly subtree: string | null;
}

/** Every place of a file that names a node. */
export function* namedTargets(raw: RawTree): Iterable<NamedTarget> {
  const main = (target: string | undefined, path: TreePath) => named(target, path, null);
  yield* main(raw.start, ['start']);
  yield* main(raw.fallback, ['fallback']);
  yield* ladderTargets(raw, [], null);
  for (const [i, branch] of raw.globals.entries()) yield* branchTargets(branch, ['globals', i], null);
  for (const [name, { start }] of Object.entries(raw.subtrees))
    yield* named(start, ['subtrees', name, 'start'], name);
  for (const { node, path, subtree } of nodesOf(raw)) yield* nodeTargets(node, path, subtree);
}

function* nodeTargets(node: RawNode, path: TreePath, subtree: string | null): Iterable<NamedTarget> {
  const at = (target: string | undefined, ...keys: (string | number)[]) =>
    named(target, [...path, ...keys], subtree);
  if (node.go && 'to' in node.go) yield* at(node.go.to, 'go');
  if (node.go && 'yes' in node.go) {
    yield* at(node.go.yes, 'go', 'yes');
    yield* at(node.go.no, 'go', 'no');
  }
  yield* at(node.resume, 'resume');
  for (const [i, arm] of (node.condition ?? []).entries()) yield* at(arm.go, 'condition', i, 'go');
  yield* at(node.call?.on_error, 'call', 'on_error');
  if (typeof node.return === 'object') yield* at(node.return.otherwise, 'return', 'otherwise');
  for (const [i, branch] of (node.listen?.branches ?? []).entries())
    yield* branchTargets(branch, [...path, 'listen', 'branches', i], subtree);
  if (node.listen) yield* ladderTargets(node.listen, [...path, 'listen'], subtree);
  if (node.ask) yield* ladderTargets(node.ask, [...path, 'ask'], subtree);
}

function* branchTargets(
  { go, visit }: RawBranch,
  path: TreePath,
  subtree: string | null,
): Iterable<NamedTarget> {
  yield* named(go, [...path, 'go'], subtree);
  yield* named(visit, [...path, 'visit'], subtree);
}

function* ladderTargets(
  owner: Pick<RawTree, 'no_input' | 'no_match'>,
  path: TreePath,
  subtree: string | null,
): Iterable<NamedTarget> {
  for (const key of ['no_input', 'no_match'] as const)
    yield* named(owner[key]?.then, [...path, key, 'then'], subtree);
}

function* named(target: string | undefined, path: TreePath, subtree: string | null): Iterable<NamedTarget> {
  if (target !== undefined) yield { target, path, subtree };
}

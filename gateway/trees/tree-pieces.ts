import type { RawNode, RawTree } from '../../dialog/tree-schema.js';
import { nodeWeight } from '../../dialog/walk-tree.js';

/** Some nodes of a tree file, small enough to be read from a message between two packets of audio. */
export interface TreePiece {
  /** Whose nodes they are; null: the tree's own. */
  readonly subtree: string | null;
  readonly nodes: readonly (readonly [string, RawNode])[];
}

/** Of one piece: about two milliseconds. */
const weightOfPiece = 500;

/** The nodes of a tree in pieces; a node is never divided. */
export function* piecesOf(raw: RawTree): Iterable<TreePiece> {
  yield* piecesOfNodes(null, raw.nodes);
  for (const [name, { nodes }] of Object.entries(raw.subtrees)) yield* piecesOfNodes(name, nodes);
}

function* piecesOfNodes(subtree: string | null, all: RawTree['nodes']): Iterable<TreePiece> {
  let nodes: [string, RawNode][] = [];
  let weight = 0;
  for (const entry of Object.entries(all)) {
    nodes.push(entry);
    weight += nodeWeight(entry[1]);
    if (weight < weightOfPiece) continue;
    yield { subtree, nodes };
    nodes = [];
    weight = 0;
  }
  if (nodes.length > 0) yield { subtree, nodes };
}

/** What is left of a tree file beside its pieces. */
export function withoutNodes(raw: RawTree): RawTree {
  return withNodes(raw, () => ({}));
}

/** Puts a tree file together again from what `withoutNodes` left and the pieces. */
export function joinPieces(rest: RawTree, pieces: readonly TreePiece[]): RawTree {
  const entries = new Map<string | null, (readonly [string, RawNode])[]>();
  for (const { subtree, nodes } of pieces) {
    const known = entries.get(subtree);
    if (known) known.push(...nodes);
    else entries.set(subtree, [...nodes]);
  }
  // Own properties, whatever a node is called.
  return withNodes(rest, (subtree) => Object.fromEntries(entries.get(subtree) ?? []));
}

function withNodes(raw: RawTree, nodesOf: (subtree: string | null) => RawTree['nodes']): RawTree {
  const subtrees = Object.entries(raw.subtrees).map(
    ([name, subtree]) => [name, { ...subtree, nodes: nodesOf(name) }] as const,
  );
  return { ...raw, nodes: nodesOf(null), subtrees: Object.fromEntries(subtrees) };
}

import { isWaiting, type DialogNode, type DialogTree, type Ladder } from '../../dialog/tree.js';

/** The operator's overrides of every node's no_input values; null keeps the node's own. */
export interface NoInputOverrides {
  readonly afterMs: number | null;
  readonly max: number | null;
}

export function overrideNoInput(tree: DialogTree, { afterMs, max }: NoInputOverrides): DialogTree {
  if (afterMs === null && max === null) return tree;
  const nodes = new Map<string, DialogNode>();
  for (const [id, node] of tree.nodes) {
    if (!isWaiting(node)) nodes.set(id, node);
    else {
      const noInput: Ladder = { ...node.noInput, max: max ?? node.noInput.max };
      nodes.set(id, { ...node, noInput, noInputMs: afterMs ?? node.noInputMs });
    }
  }
  return { ...tree, nodes };
}

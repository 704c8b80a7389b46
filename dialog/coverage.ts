import type { DialogAction } from './action.js';
import { isYesNo } from './entity-types.js';
import { globalPrefix, type DialogNode, type DialogTree } from './tree.js';

/** What stories have reached, by how often. */
export interface CoverageCounts {
  readonly nodes: Readonly<Record<string, number>>;
  /** `node branch`, or the id of a global. */
  readonly branches: Readonly<Record<string, number>>;
}

/** Counts the nodes and branches of one tree that conversations go through. */
export class Coverage {
  readonly #nodes = new Map<string, number>();
  readonly #branches = new Map<string, number>();

  constructor(tree: DialogTree) {
    for (const node of tree.nodes.values()) {
      this.#nodes.set(node.id, 0);
      for (const branch of branchesOf(node)) this.#branches.set(`${node.id} ${branch}`, 0);
    }
    for (const { id } of tree.globals) this.#branches.set(id, 0);
  }

  /** Counts what a turn went through. */
  add(actions: readonly DialogAction[]): void {
    for (const action of actions) {
      if (action.type === 'entered') count(this.#nodes, action.nodeId);
      if (action.type !== 'decided') continue;
      const { nodeId, branchId, zone } = action.decision;
      if (branchId === null || zone === 'confirm' || zone === 'choose' || zone === 'reject') continue;
      count(this.#branches, branchId.startsWith(globalPrefix) ? branchId : `${nodeId} ${branchId}`);
    }
  }

  get counts(): CoverageCounts {
    return { nodes: Object.fromEntries(this.#nodes), branches: Object.fromEntries(this.#branches) };
  }

  /** Shares of 0 to 1; 1 where there is nothing to reach. */
  get shares(): { readonly nodes: number; readonly branches: number } {
    return { nodes: shareOf(this.#nodes), branches: shareOf(this.#branches) };
  }

  /** What nothing has reached. */
  get missed(): { readonly nodes: readonly string[]; readonly branches: readonly string[] } {
    return { nodes: unreached(this.#nodes), branches: unreached(this.#branches) };
  }
}

/** The ways on from a node that a decision can name. */
function branchesOf(node: DialogNode): string[] {
  switch (node.kind) {
    case 'listen':
      return node.branches.map(({ id }) => id);
    case 'ask':
      return isYesNo(node.answer) ? ['yes', 'no'] : [];
    case 'condition':
      return node.arms.map(({ when }, i) => (when ? `if ${i + 1}` : 'else'));
    case 'call':
      return ['ok', 'error'];
    default:
      return [];
  }
}

function count(counts: Map<string, number>, key: string): void {
  const known = counts.get(key);
  if (known !== undefined) counts.set(key, known + 1);
}

function shareOf(counts: ReadonlyMap<string, number>): number {
  return counts.size === 0 ? 1 : 1 - unreached(counts).length / counts.size;
}

function unreached(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].filter(([, times]) => times === 0).map(([key]) => key);
}

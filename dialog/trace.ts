import type { Decision } from './action.js';
import type { ScoredBranch } from './scoring.js';
import { isWaiting, type DialogTree } from './tree.js';

const barWidth = 20;

/**
 * Why a turn went where it went, as lines for a person: the decision, then each branch's score, best first.
 *
 * `scores` are those of the `scored` event that led to the decision; none for keys, silences and plain answers.
 */
export function traceDecision(
  tree: DialogTree,
  decision: Decision,
  scores: readonly ScoredBranch[] = [],
): string[] {
  const { nodeId, nextNodeId, branchId, zone, score, threshold } = decision;
  const what = branchId === null ? zone : `${zone} ${branchId}`;
  const measured = score === null ? '' : ` ${fixed(score)}`;
  const against = threshold === null ? '' : ` (threshold ${fixed(threshold)}${sourceOf(tree, nodeId)})`;
  const lines = [`${nodeId} -> ${nextNodeId}: ${what}${measured}${against}`];
  const width = Math.max(0, ...scores.map((scored) => scored.branchId.length));
  for (const scored of scores) {
    const bar = '#'.repeat(Math.round(Math.min(1, Math.max(0, scored.score)) * barWidth));
    lines.push(`  ${scored.branchId.padEnd(width)} ${fixed(scored.score)} ${bar}`.trimEnd());
  }
  return lines;
}

function fixed(value: number): string {
  return value.toFixed(2);
}

function sourceOf(tree: DialogTree, nodeId: string): string {
  const node = tree.nodes.get(nodeId);
  return isWaiting(node) ? `, ${node.thresholds.source}` : '';
}

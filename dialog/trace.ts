import type { Decision, DialogAction, Prompt } from './action.js';
import type { ScoredBranch } from './scoring.js';
import { isWaiting, type DialogTree, type Thresholds } from './tree.js';
import type { Value } from './value.js';

const barWidth = 20;

/** Everything that explains one turn, as plain JSON. */
export interface TurnTrace {
  /** The nodes it went through, in order. */
  readonly path: readonly string[];
  readonly decisions: readonly (Decision & { readonly thresholds: Thresholds | null })[];
  readonly filled: readonly { readonly slot: string; readonly value: Value; readonly raw: string }[];
  /** Services that were asked. */
  readonly calls: readonly string[];
  readonly tags: readonly string[];
  readonly faults: readonly string[];
  readonly said: readonly Prompt[];
  /** What the turn ended with: `listen`, `handover`, `transfer` or `end`; null: it changed nothing. */
  readonly ends: string | null;
}

/** Why a turn went where it went, of its actions. */
export function traceTurn(tree: DialogTree, actions: readonly DialogAction[]): TurnTrace {
  const last = actions.at(-1)?.type;
  return {
    path: actions.flatMap((action) => (action.type === 'entered' ? [action.nodeId] : [])),
    decisions: actions.flatMap((action) =>
      action.type === 'decided'
        ? [{ ...action.decision, thresholds: thresholdsAt(tree, action.decision.nodeId) }]
        : [],
    ),
    filled: actions.flatMap((action) =>
      action.type === 'filled' ? [{ slot: action.slot, value: action.value, raw: action.raw }] : [],
    ),
    calls: actions.flatMap((action) => (action.type === 'call' ? [action.call.service] : [])),
    tags: actions.flatMap((action) => (action.type === 'tag' ? action.tags : [])),
    faults: actions.flatMap((action) => (action.type === 'fault' ? [action.message] : [])),
    said: actions.flatMap((action) => (action.type === 'say' ? [action.prompt] : [])),
    ends: last === undefined || last === 'score' || last === 'call' ? null : last,
  };
}

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
  const thresholds = thresholdsAt(tree, nodeId);
  return thresholds ? `, ${thresholds.source}` : '';
}

function thresholdsAt(tree: DialogTree, nodeId: string): Thresholds | null {
  const node = tree.nodes.get(nodeId);
  return isWaiting(node) ? node.thresholds : null;
}

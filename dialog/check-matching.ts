import { candidates } from './candidates.js';
import { examineSets } from './examine.js';
import { defaultThresholds, globalPrefix, isWaiting, type DialogTree } from './tree.js';
import type { Report, TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { branchesOf } from './walk-tree.js';

/** Findings of one node that are told; the worst come first. */
const mostPerNode = 3;

/**
 * Examples that would be taken for another branch, or for nothing, if they had not been written down: each is left out
 * once and put to the rest, with the thresholds in force. Run on a calibrated tree; one too large to be measured gets
 * one warning that says so.
 */
export function checkMatching(tree: DialogTree, raw: RawTree, report: Report): void {
  const sets = candidates(tree);
  const evidence = examineSets(sets, (setId) => {
    const node = tree.nodes.get(setId);
    return isWaiting(node) ? node.thresholds : defaultThresholds;
  });
  if (!evidence.measured) {
    report(
      'warning',
      ['nodes'],
      'the tree is too large to measure its examples',
      'Split it, or thin them out',
    );
    return;
  }
  const places = placesOf(raw);
  const at = (setId: string, branchId: string, example: string): TreePath =>
    places.get(keyOf(setId, branchId, example)) ?? places.get(keyOf(setId, branchId, '')) ?? ['nodes'];
  const told = new Map<string, number>();
  const room = (setId: string): boolean => {
    const count = (told.get(setId) ?? 0) + 1;
    told.set(setId, count);
    return count <= mostPerNode;
  };
  const own = (branchId: string): boolean => !branchId.startsWith(globalPrefix);
  for (const { setId, branchId, example, takenBranchId, score } of [...evidence.confusions].sort(
    (a, b) => b.score - a.score,
  )) {
    if (!own(branchId) || !room(setId)) continue;
    const message = `"${example}" is taken for "${shown(takenBranchId)}" (${score.toFixed(2)}) when it is left out`;
    const fix = `Add sentences like it to "${branchId}", or make the two branches one that asks further`;
    report('warning', at(setId, branchId, example), message, fix);
  }
  for (const { setId, branchId, example, score, threshold } of [...evidence.rejectedExamples].sort(
    (a, b) => a.score - b.score,
  )) {
    if (!own(branchId) || !isStrict(tree, setId) || !room(setId)) continue;
    const message = `"${example}" is not understood when it is left out (${score.toFixed(2)}, threshold ${threshold.toFixed(2)})`;
    report(
      'warning',
      at(setId, branchId, example),
      message,
      'Lower "confirm" here, or add sentences like it',
    );
  }
}

/** Only what an author wrote can be too strict; a measured threshold has weighed its own examples. */
function isStrict(tree: DialogTree, setId: string): boolean {
  const node = tree.nodes.get(setId);
  return isWaiting(node) && (node.thresholds.source === 'node' || node.thresholds.source === 'tree');
}

function shown(branchId: string): string {
  return branchId.replace(globalPrefix, '');
}

/** Where each example of a node stands; those in compact notation stand at their branch. */
function placesOf(raw: RawTree): Map<string, TreePath> {
  const places = new Map<string, TreePath>();
  for (const { branch, path, nodeId } of branchesOf(raw)) {
    if (nodeId === null) continue;
    places.set(keyOf(nodeId, branch.id, ''), path);
    branch.examples.forEach((example, i) =>
      places.set(keyOf(nodeId, branch.id, example), [...path, 'examples', i]),
    );
  }
  return places;
}

function keyOf(nodeId: string, branchId: string, example: string): string {
  return JSON.stringify([nodeId, branchId, example]);
}

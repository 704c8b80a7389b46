import { candidates } from './candidates.js';
import { adviseInto, type Advise } from './check-codes.js';
import { examineSets, type Confusion, type Evidence } from './examine.js';
import { defaultThresholds, globalPrefix, isWaiting, type DialogTree } from './tree.js';
import type { Report, TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { branchesOf } from './walk-tree.js';

/** Findings of one node that are told; the worst come first. */
const mostPerNode = 3;

/** `adviseOnMatching` for those who take warnings without a code. */
export function checkMatching(tree: DialogTree, raw: RawTree, report: Report): void {
  adviseOnMatching(tree, raw, adviseInto(report));
}

/**
 * Examples that would be taken for another branch, or for nothing, if they had not been written down: each is left out
 * once and put to the rest, with the thresholds in force. Run on a calibrated tree; one too large to be measured gets
 * one warning that says so.
 */
export function adviseOnMatching(tree: DialogTree, raw: RawTree, advise: Advise): void {
  const evidence = examineSets(candidates(tree), (setId) => {
    const node = tree.nodes.get(setId);
    return isWaiting(node) ? node.thresholds : defaultThresholds;
  });
  if (!evidence.measured) {
    const message = 'the tree is too large to measure which examples are confused or rejected';
    advise('not-measured', ['nodes'], message, 'Split it, or thin out the examples');
    return;
  }
  const teller = new Teller(raw);
  adviseOnConfusions(evidence, teller, advise);
  adviseOnRejections(tree, evidence, teller, advise);
}

function adviseOnConfusions(evidence: Evidence, teller: Teller, advise: Advise): void {
  const ownScores = ownScoresOf(evidence);
  for (const confusion of [...evidence.confusions].sort((a, b) => b.score - a.score)) {
    const { setId, branchId, example, takenBranchId, score } = confusion;
    if (isGlobal(branchId) || !teller.hasRoom(setId)) continue;
    const own = ownScores.get(keyOf(setId, branchId, example));
    const scores = `${score.toFixed(2)}${own === undefined ? '' : ` against ${own.toFixed(2)}`}`;
    const message = `"${example}" of branch "${branchId}" is taken for ${shown(takenBranchId)} (${scores}) when it is left out`;
    advise('confusable-examples', teller.place(confusion), message, fixOf(confusion));
  }
}

function fixOf({ branchId, takenBranchId }: Confusion): string {
  const more = `Add sentences like it to "${branchId}"`;
  return isGlobal(takenBranchId) ? more : `${more}, or make the two branches one that asks further`;
}

/** Only what an author wrote can be too strict; a measured threshold has weighed its own examples. */
function adviseOnRejections(tree: DialogTree, evidence: Evidence, teller: Teller, advise: Advise): void {
  for (const rejected of [...evidence.rejectedExamples].sort((a, b) => a.score - b.score)) {
    const { setId, branchId, example, score, threshold } = rejected;
    const node = tree.nodes.get(setId);
    if (!isWaiting(node) || isGlobal(branchId)) continue;
    const { source } = node.thresholds;
    if ((source !== 'node' && source !== 'tree') || !teller.hasRoom(setId)) continue;
    const message = `"${example}" is not understood when it is left out (${score.toFixed(2)}, threshold ${threshold.toFixed(2)})`;
    const fix = `Lower "confirm" of the ${source}, or add sentences like it`;
    advise('rejected-examples', teller.place(rejected), message, fix);
  }
}

/** What the branch itself scored, where it came second. */
function ownScoresOf({ trials }: Evidence): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { setId, branchId, example, rivalId, score, lead } of [...trials.values()].flat())
    if (branchId !== null && rivalId === branchId) scores.set(keyOf(setId, branchId, example), score - lead);
  return scores;
}

/** Where each example of a node stands, and how much of the node has been told. */
class Teller {
  readonly #places = new Map<string, TreePath>();
  readonly #told = new Map<string, number>();

  constructor(raw: RawTree) {
    for (const { branch, path, nodeId } of branchesOf(raw)) {
      if (nodeId === null) continue;
      this.#places.set(keyOf(nodeId, branch.id), path);
      branch.examples.forEach((example, i) =>
        this.#places.set(keyOf(nodeId, branch.id, example), [...path, 'examples', i]),
      );
    }
  }

  /** Counts one finding of a node; false when it has had its share. */
  hasRoom(setId: string): boolean {
    const count = (this.#told.get(setId) ?? 0) + 1;
    this.#told.set(setId, count);
    return count <= mostPerNode;
  }

  /** An example in compact notation stands at its branch. */
  place({ setId, branchId, example }: Pick<Confusion, 'setId' | 'branchId' | 'example'>): TreePath {
    return (
      this.#places.get(keyOf(setId, branchId, example)) ??
      this.#places.get(keyOf(setId, branchId)) ?? ['nodes']
    );
  }
}

function isGlobal(branchId: string): boolean {
  return branchId.startsWith(globalPrefix);
}

function shown(branchId: string): string {
  return isGlobal(branchId) ? `the global "${branchId.slice(globalPrefix.length)}"` : `"${branchId}"`;
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

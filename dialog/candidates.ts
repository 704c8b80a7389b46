import type { CandidateSet, SimilarityScorer } from './scoring.js';
import { branchesAt, isWaiting, type BranchEffect, type DialogTree } from './tree.js';

/**
 * The candidate sets a scorer has to prepare for a tree: one for each node that compares utterances with examples.
 *
 * The set's id is the node's id, as in the `score` action; a gateway that serves several trees prefixes it.
 */
export function candidates(tree: DialogTree): CandidateSet[] {
  const sets: CandidateSet[] = [];
  for (const node of tree.nodes.values()) {
    if (!isWaiting(node)) continue;
    const spoken = branchesAt(tree, node)
      .filter((branch) => branch.examples.length > 0)
      .map(({ id, examples, effect }) => ({ id, examples, outcome: outcomeOf(effect) }));
    if (spoken.length > 0) sets.push({ setId: node.id, candidates: spoken });
  }
  return sets;
}

function outcomeOf(effect: BranchEffect): string {
  return effect.type === 'go' ? `go ${effect.target}` : effect.type;
}

/** Prepares every set of a tree, together where the scorer can. Rejects as the scorer does. */
export async function prepareTree(scorer: SimilarityScorer, tree: DialogTree): Promise<void> {
  const sets = candidates(tree);
  if (scorer.prepareAll) return scorer.prepareAll(sets);
  for (const { setId, candidates: spoken } of sets) await scorer.prepare(setId, spoken);
}

/** Forgets every set of a tree. */
export function releaseTree(scorer: SimilarityScorer, tree: DialogTree): void {
  for (const { setId } of candidates(tree)) scorer.release(setId);
}

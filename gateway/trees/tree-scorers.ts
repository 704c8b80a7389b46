import { prepareTree, releaseTree } from '../../dialog/candidates.js';
import { NgramScorer } from '../../dialog/ngram-scorer.js';
import type { DialogTree } from '../../dialog/tree.js';
import type { ScorerChain } from '../session/ask-scorers.js';

/** Makes the scorers of one tree version and prepares its candidate sets in them; rejects when a scorer does. */
export type CreateScorers = (tree: DialogTree) => Promise<ScorerChain>;

/** How long a scorer may take before the turn is decided without it. */
const scoreTimeoutMs = 1_000;

/** The in-box matcher, prepared node by node with the event loop running in between. */
export const createNgramScorers: CreateScorers = async (tree) => {
  const primary = new NgramScorer(nextTurnOfLoop);
  await prepareTree(primary, tree);
  return { primary, fallback: null, timeoutMs: scoreTimeoutMs };
};

/** Forgets what a version's scorers hold. */
export function releaseScorers({ primary, fallback }: ScorerChain, tree: DialogTree): void {
  releaseTree(primary, tree);
  if (fallback) releaseTree(fallback, tree);
}

/** Lets calls go on between two pieces of long work. */
export function nextTurnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

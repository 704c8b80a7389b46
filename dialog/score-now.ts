import { candidates } from './candidates.js';
import { NgramMatcher } from './ngram-matcher.js';
import { treeFrequencies } from './ngram-scorer.js';
import type { CandidateSet } from './scoring.js';
import type { ScoreNow } from './simulate.js';
import { TreeExamples } from './tree-examples.js';
import type { DialogTree } from './tree.js';

/**
 * The in-box matcher of a tree as a call has it, answering at once. A node's part is made when it is first asked (1 to 5
 * ms); throws for no question.
 */
export function scoreNowOf(tree: DialogTree): ScoreNow {
  const sets = new Map<string, CandidateSet>(candidates(tree).map((set) => [set.setId, set]));
  const frequencies = treeFrequencies([...sets.values()]);
  const examples = new TreeExamples([...sets.values()]);
  const matchers = new Map<string, NgramMatcher>();
  return (nodeId, text, branchIds) => {
    const set = sets.get(nodeId);
    if (!set) return [];
    let matcher = matchers.get(nodeId);
    if (!matcher) {
      matcher = new NgramMatcher(set.candidates, frequencies, examples.background(set));
      matchers.set(nodeId, matcher);
    }
    return matcher.match(text).filter(({ branchId }) => branchIds.includes(branchId));
  };
}

import { describe, expect, it } from 'vitest';
import { calibrate, gatherEvidence, thresholdsFor } from './calibrate.js';
import { candidates, prepareTree, releaseTree } from './candidates.js';
import { loadTree } from './load.js';
import { NgramScorer } from './ngram-scorer.js';
import type { Candidate, CandidateSet, ScoredBranch, SimilarityScorer } from './scoring.js';
import { defaultThresholds, globalHandicap, isWaiting, type DialogTree } from './tree.js';

const { tree: loaded } = loadTree(
  `tree: two
start: one
globals:
  - { id: help, go: bye, examples: [help me please, i need help, can you help] }
nodes:
  one:
    listen:
      branches:
        - { id: red, go: two, examples: [a red apple, one red car, red as fire, very red, red wine] }
        - { id: blue, go: bye, examples: [a blue sky, one blue car, blue as ink, very blue, blue jeans] }
  two:
    listen:
      branches:
        - { id: cat, go: bye, examples: [the cat sleeps, a black cat, cats and kittens, my cat is ill] }
        - { id: dog, go: one, examples: [the dog barks, a big dog, dogs and puppies, my dog is ill] }
    thresholds: { accept: 0.9, confirm: 0.8 }
  three: { ask: { slot: s, type: text, prompts: [Yes?] }, go: bye }
  bye: { end: {} }
`,
  'two.yaml',
);
if (!loaded) throw new Error('the tree of this test does not load');
const tree: DialogTree = loaded;

describe('candidates', () => {
  it('are own branches and then globals, at each node that waits', () => {
    expect(
      candidates(tree).map(({ setId, candidates: spoken }) => [setId, spoken.map(({ id }) => id)]),
    ).toEqual([
      ['one', ['red', 'blue', 'global:help']],
      ['two', ['cat', 'dog', 'global:help']],
      ['three', ['global:help']],
    ]);
  });

  it('are prepared together where the scorer can, and released one by one', async () => {
    const scorer = new NgramScorer();
    await prepareTree(scorer, tree);
    expect(scorer.size).toBe(3);
    releaseTree(scorer, tree);
    expect(scorer.size).toBe(0);
  });

  it('are prepared one by one where it cannot', async () => {
    const prepared: string[] = [];
    const scorer: SimilarityScorer = {
      name: 'plain',
      prepare: (setId) => Promise.resolve(void prepared.push(setId)),
      score: () => Promise.resolve([]),
      release: () => undefined,
    };
    await prepareTree(scorer, tree);
    expect(prepared).toEqual(['one', 'two', 'three']);
  });
});

describe('thresholdsFor', () => {
  it.each<[string, number[], number[], number[], number]>([
    ['keeps the default without evidence', [], [], [], defaultThresholds.accept],
    ['goes up when other nodes score as high as the default', [0.6, 0.7, 0.8], [], [0.31, 0.32, 0.33], 0.34],
    ['goes down when own examples score low', [0.25, 0.26, 0.27], [], [0.1, 0.1], 0.25],
    ['stays at the default when both are far away', [0.8, 0.9], [], [0.05], 0.3],
    ['goes up when held-out examples are taken for another branch', [0.6, 0.7], [0.33, 0.34], [], 0.35],
    ['stays in its range', [0.9, 0.9], [0.8, 0.8, 0.8], [0.8], 0.3],
  ])('%s', (_rule, right, wrong, foreign, accept) => {
    const thresholds = thresholdsFor({ right, wrong, foreign });
    expect(thresholds.accept).toBeCloseTo(accept, 5);
    expect(thresholds.confirm).toBeLessThan(thresholds.accept);
  });
});

describe('calibrate', () => {
  it('measures nodes without thresholds of their own and leaves the others alone', () => {
    const source = (id: string) => {
      const node = tree.nodes.get(id);
      return isWaiting(node) ? node.thresholds.source : null;
    };
    expect([source('one'), source('two')]).toEqual(['calibrated', 'node']);
  });

  it('holds out each example once, and takes other nodes’ examples unless they lead to the same place', () => {
    const asked: string[] = [];
    const fit = (fitted: readonly Candidate[]) => (text: string) => {
      asked.push(text);
      const all = fitted.flatMap(({ examples }) => examples);
      return fitted.map(({ id }): ScoredBranch => ({ branchId: id, score: all.includes(text) ? 1 : 0.5 }));
    };
    const sets = candidates(tree);
    const evidence = gatherEvidence(tree, sets[0] as CandidateSet, sets, fit);
    expect(asked.slice(0, 13).toSorted()).toEqual(
      sets[0]?.candidates.flatMap(({ examples }) => examples).toSorted(),
    );
    // All tie, so the first branch wins: its five examples are right, eight others are not.
    expect([evidence.right.length, evidence.wrong.length]).toEqual([5, 8]);
    expect([...evidence.right, ...evidence.wrong].every((score) => score === 0.5)).toBe(true);
    // `cat` leads where `blue` does, `help` is open here as well: only `dog` is foreign.
    expect(asked.slice(13)).toEqual(['the dog barks', 'a big dog', 'dogs and puppies', 'my dog is ill']);
  });

  it('calibrates whatever scorer it is given', () => {
    const fresh: DialogTree = {
      ...tree,
      nodes: new Map(
        [...tree.nodes].map(([id, node]) => [
          id,
          isWaiting(node) ? { ...node, thresholds: defaultThresholds } : node,
        ]),
      ),
    };
    const high = calibrate(
      fresh,
      (set) => () => set.map(({ id }) => ({ branchId: id, score: 0.33 + globalHandicap })),
    );
    const low = calibrate(fresh, (set) => () => set.map(({ id }) => ({ branchId: id, score: 0.01 })));
    const accept = (calibrated: DialogTree) => {
      const node = calibrated.nodes.get('two');
      return isWaiting(node) ? node.thresholds.accept : 0;
    };
    expect(accept(high)).toBeGreaterThan(accept(low));
  });

  it('keeps the defaults of a tree too large to measure', () => {
    const examples = Array.from({ length: 6_000 }, (_, i) => `example ${i}`);
    const node = tree.nodes.get('one');
    if (node?.kind !== 'listen') throw new Error('not a listen node');
    const branches = node.branches.map((branch) => ({ ...branch, examples }));
    const large = {
      ...tree,
      nodes: new Map([['one', { ...node, branches, thresholds: defaultThresholds }]]),
    };
    expect(calibrate(large)).toBe(large);
  });
});

import { describe, expect, it } from 'vitest';
import { calibrate, calibrateSets, costs, isMeasurable, thresholdsFor } from './calibrate.js';
import { candidates, prepareTree, releaseTree } from './candidates.js';
import { loadTree } from './load.js';
import { holdOut, type Trial } from './held-out.js';
import { NgramScorer } from './ngram-scorer.js';
import type { Candidate, ScoredBranch, SimilarityScorer } from './scoring.js';
import { TreeExamples } from './tree-examples.js';
import { defaultThresholds, isWaiting, type DialogTree } from './tree.js';

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

/** Trials of the given scores: own ones taken rightly and wrongly, and foreign ones; no rival is near. */
function trials(right: readonly number[], wrong: readonly number[], foreign: readonly number[]): Trial[] {
  const trial = (score: number, branchId: string | null, isRight: boolean): Trial => ({
    setId: 's',
    branchId,
    example: '',
    takenId: 'a',
    score,
    lead: 0.5,
    rivalId: 'b',
    right: isRight,
    rivalRight: !isRight && branchId !== null,
  });
  return [
    ...right.map((score) => trial(score, 'a', true)),
    ...wrong.map((score) => trial(score, 'b', false)),
    ...foreign.map((score) => trial(score, null, false)),
  ];
}

/** Scores just above the given one. */
const many = (score: number) => Array.from({ length: 40 }, (_, i) => score + i / 2_000);

describe('thresholdsFor', () => {
  it('keeps the default without evidence', () => {
    expect(thresholdsFor([])).toBe(defaultThresholds);
    expect(thresholdsFor(trials([], [], [0.9, 0.9]))).toBe(defaultThresholds);
  });

  it('expects usual strangers where there are none to try', () => {
    const { accept, confirm } = thresholdsFor(trials(many(0.6), [], []));
    expect(accept).toBeGreaterThan(0.3);
    expect(confirm).toBeGreaterThan(0.25);
    expect(thresholdsFor(trials(many(0.6), [], many(0.05))).accept).toBeLessThan(accept);
  });

  it('stays at the default when own and foreign are far away from it', () => {
    expect(thresholdsFor(trials(many(0.8), [], many(0.05)))).toMatchObject({ accept: 0.3, confirm: 0.2 });
  });

  it.each<[string, number[], number[], number[], (accept: number, confirm: number) => boolean]>([
    ['accept goes above foreign scores', many(0.7), [], many(0.31), (accept) => accept > 0.329],
    ['accept goes above wrong ones', many(0.7), many(0.35), [], (accept) => accept > 0.369],
    ['accept goes down to low own scores', many(0.25), [], many(0.05), (accept) => accept <= 0.25],
    ['confirm goes above foreign scores', many(0.6), [], many(0.25), (_accept, confirm) => confirm > 0.269],
    [
      'confirm goes down to mixed own scores',
      many(0.17),
      many(0.17),
      many(0.05),
      (_accept, confirm) => confirm <= 0.17,
    ],
  ])('%s', (_rule, right, wrong, foreign, holds) => {
    const { accept, confirm, source } = thresholdsFor(trials(right, wrong, foreign));
    expect(holds(accept, confirm), `accept ${accept}, confirm ${confirm}`).toBe(true);
    expect(confirm).toBeLessThan(accept);
    expect(source).toBe('calibrated');
  });

  it('follows the tree where the node has little to say, and the node where it has much', () => {
    const pool = costs(trials(many(0.7), [], many(0.4)));
    const few = thresholdsFor(trials([0.26, 0.27], [], []), pool);
    const enough = thresholdsFor(trials([...many(0.25), ...many(0.26), ...many(0.27)], [], many(0.05)), pool);
    expect(few.accept).toBeGreaterThan(0.4);
    expect(enough.accept).toBeLessThan(0.3);
  });

  it('never lowers accept when foreign scores rise', () => {
    const accepts = [0.1, 0.2, 0.3, 0.35, 0.4].map(
      (foreign) => thresholdsFor(trials(many(0.6), [], many(foreign))).accept,
    );
    expect(accepts).toEqual([...accepts].sort((a, b) => a - b));
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

  it('holds out each example once, and tries other nodes’ examples unless they mean the same here', () => {
    const shown: { examples: string[]; background: readonly string[] }[] = [];
    const fit = (fitted: readonly Candidate[], background: readonly string[]) => {
      const examples = fitted.flatMap((candidate) => candidate.examples);
      shown.push({ examples, background });
      return (text: string) => {
        expect(examples.includes(text) || background.includes(text), `${text} was shown`).toBe(false);
        return fitted.map(({ id }): ScoredBranch => ({ branchId: id, score: 0.5 }));
      };
    };
    const sets = candidates(tree);
    const [set] = sets;
    if (!set) throw new Error('no set');
    const tried = holdOut(set, new TreeExamples(sets), fit);
    const own = tried.filter(({ branchId }) => branchId !== null);
    expect(own.map(({ example }) => example).toSorted()).toEqual(
      set.candidates.flatMap(({ examples }) => examples).toSorted(),
    );
    // All tie, so the first branch wins: its five examples are right, eight others are not.
    expect([own.filter(({ right }) => right).length, own.filter(({ right }) => !right).length]).toEqual([
      5, 8,
    ]);
    // `cat` leads where `blue` does, `help` is open here as well: only `dog` is foreign.
    const strangers = new Set(
      tried.filter(({ branchId }) => branchId === null).map(({ example }) => example),
    );
    for (const stranger of strangers) expect(stranger).toContain('dog');
    for (const { background } of shown) for (const text of background) expect(text).toContain('dog');
  });

  it('measures a branch of two examples by trying the others', () => {
    const [set] = candidates(tree);
    if (!set) throw new Error('no set');
    const short = {
      ...set,
      candidates: set.candidates.map((candidate, i) =>
        i === 0 ? { ...candidate, examples: candidate.examples.slice(0, 2) } : candidate,
      ),
    };
    const fit = (fitted: readonly Candidate[]) => () =>
      fitted.map(({ id }) => ({ branchId: id, score: 0.5 }));
    const tried = holdOut(short, new TreeExamples([short]), fit).map(({ branchId }) => branchId);
    expect([tried.filter((id) => id === 'red').length, tried.filter((id) => id === 'blue').length]).toEqual([
      0, 5,
    ]);
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
    const scorer = (own: number, strange: number) => (set: readonly Candidate[]) => (text: string) =>
      set.map(({ id }) => ({ branchId: id, score: text.includes(id) ? own : strange }));
    const high = calibrate(fresh, scorer(0.5, 0.4));
    const low = calibrate(fresh, scorer(0.25, 0.01));
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
    expect(isMeasurable(candidates(large))).toBe(false);
    expect(calibrate(large)).toBe(large);
  });

  it('gives the same thresholds each time, and for a set alone as among the wanted of its tree', () => {
    const sets = candidates(tree);
    expect([...calibrateSets(sets, sets)]).toEqual([...calibrateSets(sets, sets)]);
    expect(calibrateSets(sets.slice(0, 1), sets).get('one')?.source).toBe('calibrated');
  });
});

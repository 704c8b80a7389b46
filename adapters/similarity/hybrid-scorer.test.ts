import { describe, expect, it } from 'vitest';
import { NgramScorer } from '../../dialog/ngram-scorer.js';
import type { SimilarityScorer } from '../../dialog/scoring.js';
import { describeScorer } from '../conformance/scorer-suite.js';
import { ScriptedScorer } from '../fake/scripted-scorer.js';
import { HybridScorer } from './hybrid-scorer.js';

const never = (): AbortSignal => new AbortController().signal;

/** Prepares both, as whoever owns the local scorer does. */
function together(hybrid: HybridScorer, local: SimilarityScorer): SimilarityScorer {
  return {
    name: hybrid.name,
    prepare: async (setId, candidates) => {
      await local.prepare(setId, candidates);
      await hybrid.prepare(setId, candidates);
    },
    score: (...question) => hybrid.score(...question),
    release: (setId) => {
      local.release(setId);
      hybrid.release(setId);
    },
  };
}

describeScorer('HybridScorer', () => {
  const local = new NgramScorer();
  const hybrid = new HybridScorer({ local, remote: new NgramScorer(), remoteShare: 0.5 });
  return {
    scorer: together(hybrid, local),
    faults: [],
    failNext: () => undefined,
    patienceMs: 200,
    quietMs: 10,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
    close: () => Promise.resolve(),
  };
});

describe('HybridScorer', () => {
  const candidates = [
    { id: 'a', examples: ['one'] },
    { id: 'b', examples: ['two'] },
  ];

  async function create(remoteShare: number) {
    const local = new ScriptedScorer({ said: { a: 0.2, b: 0.6 } });
    const remote = new ScriptedScorer({ said: { a: 0.8, b: 0.3 } });
    const hybrid = new HybridScorer({ local, remote, remoteShare });
    await together(hybrid, local).prepare('s', candidates);
    return { hybrid, local, remote };
  }

  it.each([
    [0.5, { a: 0.5, b: 0.45 }],
    [0.25, { b: 0.525, a: 0.35 }],
  ])('adds the scores, weighted: remote %d', async (share, expected) => {
    const { hybrid } = await create(share);
    const scores = await hybrid.score('s', 'said', ['a', 'b'], never());
    expect(scores.map(({ branchId, score }) => [branchId, score.toFixed(3)])).toEqual(
      Object.entries(expected).map(([id, score]) => [id, score.toFixed(3)]),
    );
  });

  it.each(['local', 'remote'] as const)('fails with its %s part', async (part) => {
    const parts = await create(0.5);
    parts[part].failNext(new Error('away'));
    await expect(parts.hybrid.score('s', 'said', ['a'], never())).rejects.toThrow('away');
  });

  it('leaves the local part to its owner', async () => {
    const { hybrid, local, remote } = await create(0.5);
    hybrid.release('s');
    expect([local.preparedSets, remote.preparedSets]).toEqual([1, 0]);
  });
});

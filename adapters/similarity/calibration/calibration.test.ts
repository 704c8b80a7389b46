import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../config/clock.js';
import { MemoryLogger } from '../../../config/logger.js';
import type { Candidate, CandidateSet, ScoredBranch } from '../../../dialog/scoring.js';
import { scorerSets } from '../../conformance/scorer-rules.js';
import { EmbeddingScorer } from '../embedding/embedding-scorer.js';
import { ExampleVectors } from '../embedding/example-vectors.js';
import { FakeEmbeddingClient } from '../testing/fake-client.js';
import type { CalibratableScorer } from './calibratable.js';
import { CalibratedScorer } from './calibrated-scorer.js';
import { gatherScores } from './evidence.js';
import { ownThresholds } from './own-thresholds.js';
import { scaleBetween } from './score-scale.js';

const never = (): AbortSignal => new AbortController().signal;
const repeat = (score: number, times: number): number[] => Array.from({ length: times }, () => score);

describe('scaleBetween', () => {
  const scale = scaleBetween({ accept: 0.8, confirm: 0.6 }, { accept: 0.3, confirm: 0.2 });

  it.each([
    [-1, 0],
    [0, 0],
    [0.3, 0.1],
    [0.6, 0.2],
    [0.7, 0.25],
    [0.8, 0.3],
    [0.9, 0.65],
    [1, 1],
    [2, 1],
  ])('maps %d to %d', (from, to) => {
    expect(scale(from)).toBeCloseTo(to, 9);
  });

  it('never changes an order', () => {
    const scores = Array.from({ length: 101 }, (_, i) => scale(i / 100));
    expect(scores.every((score, i) => i === 0 || score > (scores[i - 1] ?? 0))).toBe(true);
  });
});

describe('ownThresholds', () => {
  it.each([
    ['between what is meant and what is not', repeat(0.9, 8), [], repeat(0.5, 8), 0.705],
    ['above wrong branches that score high', repeat(0.9, 8), repeat(0.7, 4), repeat(0.2, 8), 0.805],
    [
      'never so high that all is refused, even when most is wrong',
      [0.3, 0.3, 0.3, 0.4, 0.4, 0.4],
      repeat(0.6, 30),
      [],
      0.17,
    ],
    ['below all examples when nothing else is known', repeat(0.6, 8), [], [], 0.32],
  ])('accept %s', (_rule, right, wrong, foreign, accept) => {
    const own = ownThresholds({ right, wrong, foreign }, null);
    expect(own?.accept).toBeCloseTo(accept, 9);
    expect(own?.confirm).toBeLessThan(own?.accept ?? 0);
  });

  it('are not drawn from a handful of examples', () => {
    expect(ownThresholds({ right: repeat(0.9, 5), wrong: [], foreign: repeat(0.1, 50) }, null)).toBeNull();
  });

  it('stay near those of the tree where the evidence leaves them room', () => {
    const evidence = { right: repeat(0.9, 8), wrong: [], foreign: repeat(0.2, 8) };
    expect(ownThresholds(evidence, { accept: 0.7, confirm: 0.5 })?.accept).toBeCloseTo(0.7, 9);
  });

  it.each([
    [repeat(0, 8), repeat(1, 8)],
    [repeat(1, 8), repeat(1, 8)],
    [repeat(0, 8), repeat(0, 8)],
  ])('stay strictly between 0 and 1 whatever the scores are', (right, foreign) => {
    const own = ownThresholds({ right, wrong: foreign, foreign }, null);
    expect(own && own.confirm > 0 && own.confirm < own.accept && own.accept < 1).toBe(true);
  });
});

/** Scores by the share of common words, squeezed into 0.7 to 1 as some models do. */
class NarrowScorer implements CalibratableScorer {
  readonly name = 'narrow';
  readonly #sets = new Map<string, readonly Candidate[]>();
  heldOut = 0;

  prepare(setId: string, candidates: readonly Candidate[]): Promise<void> {
    this.#sets.set(setId, candidates);
    return Promise.resolve();
  }

  score(setId: string, text: string, ids: readonly string[]): Promise<readonly ScoredBranch[]> {
    return Promise.resolve(
      rank(this.#sets.get(setId) ?? [], text).filter(({ branchId }) => ids.includes(branchId)),
    );
  }

  scoreHeldOut(candidates: readonly Candidate[], texts: readonly string[]) {
    this.heldOut += texts.length;
    return Promise.resolve(texts.map((text) => rank(candidates, text)));
  }

  release(setId: string): void {
    this.#sets.delete(setId);
  }
}

function rank(candidates: readonly Candidate[], text: string): ScoredBranch[] {
  const words = new Set(text.split(' '));
  const common = (example: string) => {
    const theirs = example.split(' ');
    return theirs.filter((word) => words.has(word)).length / Math.max(theirs.length, words.size);
  };
  return candidates
    .map(({ id, examples }) => ({ branchId: id, score: 0.7 + 0.3 * Math.max(0, ...examples.map(common)) }))
    .toSorted((a, b) => b.score - a.score);
}

const sets: readonly CandidateSet[] = [
  {
    setId: 'a',
    candidates: [
      { id: 'bill', examples: ['pay the bill', 'the bill please', 'see the bill', 'the last bill'] },
      { id: 'fault', examples: ['line is down', 'it is down', 'all is down', 'net is down'] },
    ],
  },
  {
    setId: 'b',
    candidates: [
      { id: 'yes', examples: ['yes i do', 'i do', 'sure i do', 'i think i do'] },
      { id: 'no', examples: ['never at all', 'not at all', 'at all no', 'nothing at all'] },
    ],
  },
  { setId: 'small', candidates: [{ id: 'more', examples: ['go on'] }] },
];

function calibrated(inner: CalibratableScorer, accept = 0.3): CalibratedScorer {
  const targets = () => ({ accept, confirm: accept - 0.1 });
  return new CalibratedScorer({ inner, targets, logger: new MemoryLogger(), signal: never() });
}

describe('gatherScores', () => {
  it('holds each example out once, and takes other nodes’ examples as foreign', async () => {
    const scorer = new NarrowScorer();
    const evidence = await gatherScores(scorer, sets[0] as CandidateSet, sets, never());
    expect([evidence.right.length + evidence.wrong.length, evidence.foreign.length]).toEqual([8, 9]);
    expect(evidence.wrong).toEqual([]);
    expect(Math.min(...evidence.right)).toBeGreaterThan(Math.max(...evidence.foreign));
  });

  it('holds nothing out of branches of one or two examples', async () => {
    const evidence = await gatherScores(new NarrowScorer(), sets[2] as CandidateSet, sets, never());
    expect([evidence.right.length, evidence.foreign.length]).toEqual([0, 16]);
  });

  it('counts a global, open at both nodes, as foreign at neither', async () => {
    const asked: string[] = [];
    const scorer = new NarrowScorer();
    const listening: CalibratableScorer = {
      name: 'x',
      prepare: () => Promise.resolve(),
      score: () => Promise.resolve([]),
      release: () => undefined,
      scoreHeldOut: (candidates, texts) => {
        asked.push(...texts);
        return scorer.scoreHeldOut(candidates, texts);
      },
    };
    await gatherScores(listening, scorerSets[0] as CandidateSet, scorerSets, never());
    expect(asked.filter((text) => text === 'operator please')).toHaveLength(1);
  });
});

describe('CalibratedScorer', () => {
  it('brings a scorer whose scores all lie high to the thresholds of the tree', async () => {
    const scorer = calibrated(new NarrowScorer());
    await scorer.prepareAll(sets);
    const best = async (setId: string, text: string) =>
      (await scorer.score(setId, text, ['bill', 'fault', 'yes', 'no'], never()))[0]?.score ?? 0;
    expect(await best('a', 'the bill')).toBeGreaterThan(0.3);
    expect(await best('a', 'sure i do')).toBeLessThan(0.2);
    expect(await best('b', 'pay the bill')).toBeLessThan(0.2);
  });

  it('uses what the tree taught at a node with too few examples', async () => {
    const inner = new NarrowScorer();
    const scorer = calibrated(inner);
    await scorer.prepareAll(sets);
    const [unrelated] = await scorer.score('small', 'the bill', ['more'], never());
    const [raw] = await inner.score('small', 'the bill', ['more']);
    expect([raw?.score, (unrelated?.score ?? 1) < 0.2]).toEqual([0.7, true]);
  });

  it('leaves scores as they are where nothing could be learnt', async () => {
    const scorer = calibrated(new NarrowScorer());
    await scorer.prepareAll(sets.slice(2));
    expect((await scorer.score('small', 'go on', ['more'], never()))[0]?.score).toBe(1);
  });

  it('asks a bounded number of questions, however large the tree is', async () => {
    const inner = new NarrowScorer();
    const many = Array.from({ length: 600 }, (_, i) => ({ ...(sets[0] as CandidateSet), setId: `n${i}` }));
    await calibrated(inner).prepareAll(many);
    expect(inner.heldOut).toBeGreaterThan(0);
    expect(inner.heldOut).toBeLessThanOrEqual(20_000);
  });

  it('calibrates an embedding scorer without another embedding', async () => {
    const client = new FakeEmbeddingClient({ maxBatch: 64 });
    const examples = new ExampleVectors(client, null, new FakeClock());
    const inner = new EmbeddingScorer({ client, examples, queryPrefix: '' });
    const scorer = calibrated(inner);
    await scorer.prepareAll(scorerSets);
    expect(client.batches).toHaveLength(1);
    const [best] = await scorer.score('menu', 'my internet is down', ['fault', 'bill'], never());
    expect([best?.branchId, (best?.score ?? 0) > 0.3]).toEqual(['fault', true]);
  });
});

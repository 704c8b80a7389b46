import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { NgramScorer } from '../../dialog/ngram-scorer.js';
import type { SimilarityScorer } from '../../dialog/scoring.js';
import { ScriptedScorer } from '../fake/scripted-scorer.js';
import { brokenRules } from './rule.js';
import { scorerRules, type ScorerFault, type ScorerFixture } from './scorer-rules.js';
import { describeScorer } from './scorer-suite.js';

/** A scorer of this process; time passes by turns of the loop. */
function local(
  scorer: SimilarityScorer,
  faults: ScorerFixture['faults'] = [],
  failNext: (fault: ScorerFault) => void = () => undefined,
): ScorerFixture {
  const clock = new FakeClock();
  return {
    scorer,
    faults,
    failNext,
    patienceMs: 200,
    quietMs: 10,
    wait: async (ms) => {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(ms);
    },
    close: () => Promise.resolve(),
  };
}

describeScorer('NgramScorer', () => local(new NgramScorer()));

/** The in-box scorer with some of its members replaced. */
function broken(changes: (inner: NgramScorer) => Partial<SimilarityScorer>): () => ScorerFixture {
  return () => {
    const inner = new NgramScorer();
    return local({
      name: 'broken',
      prepare: (setId, candidates) => inner.prepare(setId, candidates),
      score: (...question) => inner.score(...question),
      release: (setId) => inner.release(setId),
      ...changes(inner),
    });
  };
}

describe('the rules of SimilarityScorer catch', () => {
  it.each<[string, () => ScorerFixture, string]>([
    [
      'scores that are not sorted',
      broken((inner) => ({ score: async (...question) => (await inner.score(...question)).toReversed() })),
      'scores each example highest for its own branch',
    ],
    [
      'a score of more than 1',
      broken((inner) => ({
        score: async (...question) =>
          (await inner.score(...question)).map(({ branchId, score }) => ({ branchId, score: score * 2 })),
      })),
      'scores each example highest for its own branch',
    ],
    [
      'branches that nobody asked for',
      broken((inner) => ({
        score: (setId, text, _ids, signal) =>
          inner.score(setId, text, ['bill', 'fault', 'global:operator'], signal),
      })),
      'answers for the branches asked for',
    ],
    [
      'answers that change',
      broken((inner) => {
        let asked = 0;
        return {
          score: async (...question) => {
            const share = 1 / ++asked;
            return (await inner.score(...question)).map(({ branchId, score }) => ({
              branchId,
              score: score * share,
            }));
          },
        };
      }),
      'gives the same answer again, and at the same time',
    ],
    [
      'a set that is never forgotten',
      broken(() => ({ release: () => undefined })),
      'knows prepared sets and no others',
    ],
    [
      'an unheeded signal',
      broken((inner) => ({
        score: (setId, text, ids) => inner.score(setId, text, ids, new AbortController().signal),
      })),
      'rejects when its signal aborts',
    ],
    [
      'a text that throws',
      broken((inner) => ({
        score: (setId, text, ids, signal) =>
          text.length > 10_000
            ? Promise.reject(new Error('too long'))
            : inner.score(setId, text, ids, signal),
      })),
      'takes any text',
    ],
    [
      'a fault that is hidden',
      () => local(new NgramScorer(), [{ fault: 'garbage', survived: false }]),
      'turns a fault into one rejection and goes on',
    ],
    [
      'a failed preparation that looks like a success',
      () => local(new NgramScorer(), [{ fault: 'server-error', survived: false }]),
      'rejects a failed preparation, and can be prepared again',
    ],
    [
      'a set of one that is not scored',
      () => local(new ScriptedScorer({ 'only this': { one: 0 } })),
      'prepares sets of no and of one candidate',
    ],
  ])('%s', async (_fault, createFixture, rule) => {
    expect(await brokenRules(scorerRules, createFixture)).toContain(rule);
  });
});

import { describe, expect, it } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import { similarityLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { CandidateSet, SimilarityScorer } from '../../dialog/scoring.js';
import { GuardedScorer } from './guarded-scorer.js';

const sets: readonly CandidateSet[] = [
  { setId: 'one', candidates: [{ id: 'a', examples: ['hello'] }] },
  { setId: 'two', candidates: [{ id: 'b', examples: ['goodbye'] }] },
];
const never = (): AbortSignal => new AbortController().signal;

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function create() {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const inner = new ScriptedScorer();
  const state = { preparations: 0, failing: 0, released: 0 };
  const flaky: SimilarityScorer = {
    name: 'flaky',
    prepare: (setId, candidates) => {
      state.preparations++;
      if (state.failing-- > 0) return Promise.reject(new Error('no service'));
      return inner.prepare(setId, candidates);
    },
    score: (...question) => inner.score(...question),
    release: (setId) => inner.release(setId),
  };
  const onReleased = () => void state.released++;
  const guarded = new GuardedScorer(flaky, { clock, random: new SeededRandom(1), logger, onReleased });
  return { clock, guarded, inner, logger, state };
}

describe('GuardedScorer', () => {
  it('is prepared behind the back of whoever asks for it', async () => {
    const { guarded } = create();
    await guarded.prepareAll(sets);
    expect(guarded.problem).toBe('examples are being prepared');
    await expect(guarded.score('one', 'hello', ['a'], never())).rejects.toThrow('not prepared yet');
    await settle();
    expect(guarded.problem).toBeNull();
    expect(await guarded.score('one', 'hello', ['a'], never())).toEqual([{ branchId: 'a', score: 1 }]);
  });

  it('tries again with growing pauses until it works, and says why meanwhile', async () => {
    const { clock, guarded, logger, state } = create();
    state.failing = 8;
    await guarded.prepareAll(sets);
    const pauses: number[] = [];
    for (let seen = 1; seen <= 8; seen++) {
      await settle();
      expect([state.preparations, guarded.problem]).toEqual([seen, 'no service']);
      let pausedMs = 0;
      while (state.preparations === seen && pausedMs < 1e6) {
        clock.advance(100);
        pausedMs += 100;
      }
      pauses.push(pausedMs);
    }
    await settle();
    expect(guarded.problem).toBeNull();
    pauses.forEach((pauseMs, i) => {
      const least = Math.min(similarityLimits.retryMostMs, similarityLimits.retryFirstMs * 2 ** i);
      expect(pauseMs).toBeGreaterThanOrEqual(least);
      expect(pauseMs).toBeLessThanOrEqual(1.5 * least + 100);
    });
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(8);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is left alone after several failures in a row, for a while', async () => {
    const { clock, guarded, inner } = create();
    await guarded.prepareAll(sets);
    await settle();
    const ask = () => guarded.score('one', 'hello', ['a'], never());
    for (let i = 0; i < similarityLimits.failuresInARow; i++) {
      inner.failNext(new Error('late'));
      await expect(ask()).rejects.toThrow('late');
    }
    const asked = inner.texts.length;
    await expect(ask()).rejects.toThrow('left alone');
    expect([inner.texts.length, guarded.problem]).toEqual([asked, 'late']);
    clock.advance(similarityLimits.pauseMs);
    await expect(ask()).resolves.toHaveLength(1);
    expect(guarded.problem).toBeNull();
  });

  it.each([
    ['counts a turn that was late', new Error('no score within 150 ms'), true],
    ['does not count a turn whose session ended', undefined, false],
  ])('%s', async (_rule, reason, counted) => {
    const { guarded } = create();
    await guarded.prepareAll(sets);
    await settle();
    for (let i = 0; i < similarityLimits.failuresInARow; i++) {
      const abort = new AbortController();
      abort.abort(reason);
      await expect(guarded.score('one', 'hello', ['a'], abort.signal)).rejects.toThrow();
    }
    expect(guarded.problem !== null).toBe(counted);
  });

  it('prepares its sets again when the scorer says that they are stale', async () => {
    const { guarded, inner, state } = create();
    await guarded.prepareAll(sets);
    await settle();
    inner.failNext(Object.assign(new Error('another model'), { fault: 'stale' }));
    await expect(guarded.score('one', 'hello', ['a'], never())).rejects.toThrow('another model');
    await settle();
    expect([state.preparations, guarded.problem]).toEqual([4, null]);
  });

  it('holds nothing when all its sets are released, and stops trying', async () => {
    const { clock, guarded, inner, state } = create();
    state.failing = 1;
    await guarded.prepareAll(sets);
    await settle();
    expect(clock.pendingTimers).toBe(1);
    guarded.release('one');
    expect(state.released).toBe(0);
    guarded.release('two');
    guarded.release('two');
    expect([state.released, clock.pendingTimers, inner.preparedSets]).toEqual([1, 0, 0]);
  });

  it('holds nothing when its sets are released while they are being prepared', async () => {
    const { guarded, inner } = create();
    await guarded.prepareAll(sets);
    guarded.release('one');
    guarded.release('two');
    await settle();
    expect(inner.preparedSets).toBe(0);
  });
});

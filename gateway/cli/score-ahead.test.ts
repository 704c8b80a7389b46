import { expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { similarityLimits } from '../../config/limits.js';
import type { SimilarityScorer } from '../../dialog/scoring.js';
import { ScoreAhead } from './score-ahead.js';

/** Scores a sentence by its length, and keeps what it was asked. */
function lengthScorer() {
  const asked: string[] = [];
  let [open, mostOpen] = [0, 0];
  const scorer: SimilarityScorer = {
    name: 'length',
    prepare: () => Promise.resolve(),
    score: async (_set, text, [branchId = '']) => {
      asked.push(text);
      mostOpen = Math.max(mostOpen, ++open);
      await Promise.resolve();
      open--;
      if (text === 'down') throw new Error('it is away');
      return [{ branchId, score: text.length / 10 }];
    },
    release: () => undefined,
  };
  return { scorer, asked, mostOpen: () => mostOpen };
}

function aheadOf(scorer: SimilarityScorer, most?: number) {
  const clock = new FakeClock();
  const ahead = new ScoreAhead({ primary: scorer, fallback: null, timeoutMs: 100 }, clock, most);
  return { ahead, clock };
}

it('asks one after another where an answer decides what is asked next, and nothing twice', async () => {
  const { scorer, asked } = lengthScorer();
  const { ahead, clock } = aheadOf(scorer);
  const result = await ahead.settle((scoreNow) => {
    const first = scoreNow('n', 'abc', ['x'])[0]?.score ?? 0;
    return scoreNow('n', first > 0.2 ? 'long' : 'wrong', ['x'])[0]?.score;
  }, false);
  expect(result).toBe(0.4);
  expect(asked).toEqual(['abc', 'long']);
  await ahead.settle((scoreNow) => scoreNow('n', 'abc', ['x']), false);
  expect(asked).toHaveLength(2);
  expect(clock.pendingTimers).toBe(0);
});

it('asks together what is independent, eight at one time', async () => {
  const { scorer, asked, mostOpen } = lengthScorer();
  const { ahead } = aheadOf(scorer);
  const texts = Array.from({ length: 20 }, (_, i) => 'a'.repeat(i));
  const scores = await ahead.settle(
    (scoreNow) => texts.map((text) => scoreNow('n', text, ['x'])[0]?.score),
    true,
  );
  expect(scores).toEqual(texts.map(({ length }) => length / 10));
  expect([asked.length, mostOpen()]).toEqual([20, 8]);
});

it('a scorer that fails, or is late, is an error', async () => {
  const { scorer } = lengthScorer();
  const { ahead } = aheadOf(scorer);
  await expect(ahead.settle((scoreNow) => scoreNow('n', 'down', ['x']), false)).rejects.toThrow('it is away');
  const slow = aheadOf({ ...scorer, score: () => new Promise(() => undefined) });
  const late = slow.ahead.settle((scoreNow) => scoreNow('n', 'a', ['x']), false);
  slow.clock.advance(100);
  await expect(late).rejects.toThrow('no score within 100 ms');
});

it('asks about a bounded number of sentences', async () => {
  expect(similarityLimits.questionsAhead).toBe(100_000);
  const { scorer } = lengthScorer();
  const { ahead } = aheadOf(scorer, 2);
  const run = ahead.settle((scoreNow) => ['a', 'b', 'c'].map((text) => scoreNow('n', text, ['x'])), true);
  await expect(run).rejects.toThrow('more than 2 sentences to score; test fewer stories at once');
});

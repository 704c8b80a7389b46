import { describe, expect, it } from 'vitest';
import { ScriptedScorer } from './scripted-scorer.js';

const candidates = [
  { id: 'bill', examples: ['pay my bill'] },
  { id: 'fault', examples: ['it is broken'] },
];
const { signal } = new AbortController();

describe('ScriptedScorer', () => {
  it('says what its table says, best first, for the branches asked about', async () => {
    const scorer = new ScriptedScorer({ hm: { bill: 0.2, fault: 0.7 } });
    await scorer.prepare('n1', candidates);
    expect(await scorer.score('n1', 'hm', ['bill', 'fault'], signal)).toEqual([
      { branchId: 'fault', score: 0.7 },
      { branchId: 'bill', score: 0.2 },
    ]);
    expect(await scorer.score('n1', 'hm', ['bill'], signal)).toEqual([{ branchId: 'bill', score: 0.2 }]);
    expect(scorer.texts).toEqual(['hm', 'hm']);
  });

  it('knows the examples themselves', async () => {
    const scorer = new ScriptedScorer();
    await scorer.prepare('n1', candidates);
    expect((await scorer.score('n1', 'it is broken', ['bill', 'fault'], signal))[0]).toEqual({
      branchId: 'fault',
      score: 1,
    });
  });

  it('rejects when told, when aborted and for a set it does not know', async () => {
    const scorer = new ScriptedScorer();
    await scorer.prepare('n1', candidates);
    scorer.failNext(new Error('down'));
    await expect(scorer.score('n1', 'x', [], signal)).rejects.toThrow('down');
    await expect(scorer.score('n1', 'x', [], AbortSignal.abort())).rejects.toThrow();
    scorer.release('n1');
    await expect(scorer.score('n1', 'x', [], signal)).rejects.toThrow('not prepared');
    expect(scorer.preparedSets).toBe(0);
  });
});

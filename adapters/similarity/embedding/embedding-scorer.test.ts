import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../config/clock.js';
import { similarityLimits } from '../../../config/limits.js';
import { scorerSets } from '../../conformance/scorer-rules.js';
import { FakeEmbeddingClient } from '../testing/fake-client.js';
import { EmbeddingScorer } from './embedding-scorer.js';
import { toyEmbedding } from '../testing/toy-embedding.js';
import { ExampleVectors } from './example-vectors.js';
import { dot, normalizeAll } from './vectors.js';

const never = (): AbortSignal => new AbortController().signal;

function create(queryPrefix = '', client = new FakeEmbeddingClient({ maxBatch: 64 })) {
  const examples = new ExampleVectors(client, null, new FakeClock());
  return { client, scorer: new EmbeddingScorer({ client, examples, queryPrefix }) };
}

/** Texts are their own coordinates: `1 0` is the first axis. */
const axes = (): FakeEmbeddingClient => {
  const client = new FakeEmbeddingClient({ maxBatch: 64 });
  client.embedOne = (text) => text.split(' ').map(Number);
  return client;
};

describe('EmbeddingScorer', () => {
  it('lets neither one stray example nor the number of examples decide alone', async () => {
    const { scorer } = create('', axes());
    await scorer.prepare('s', [
      { id: 'near', examples: ['0.9 0.4359 0', '0.9 -0.4359 0', '0.9 0 0.4359', '-1 0 0.001'] },
      { id: 'stray', examples: ['0.92 0.3919 0', '-1 0 0', '-1 0.01 0'] },
    ]);
    const scores = await scorer.score('s', '1 0 0', ['near', 'stray'], never());
    expect(scores.map(({ branchId }) => branchId)).toEqual(['near', 'stray']);
  });

  it('takes what unrelated examples score for 0, and the same sentence for 1', async () => {
    const { scorer } = create();
    await scorer.prepareAll(scorerSets);
    const scores = async (text: string) => {
      const [best] = await scorer.score('router', text, ['red', 'green', 'global:operator'], never());
      return best?.score ?? 1;
    };
    const vectors = ['xylophone quartz', 'the light is red'].map((text) =>
      Float32Array.from(toyEmbedding(text)),
    );
    const [unrelated = new Float32Array(), example = new Float32Array()] = normalizeAll('toy', vectors, 2);
    expect(dot(unrelated, example)).toBeGreaterThan(0.5);
    expect(await scores('xylophone quartz')).toBeLessThan(0.25);
    expect(await scores('the light is red')).toBeGreaterThan(0.7);
  });

  it('puts the prefix before what was said, never before examples', async () => {
    const { client, scorer } = create('query: ');
    await scorer.prepare('s', [{ id: 'a', examples: ['hello'] }]);
    await scorer.score('s', 'good day', ['a'], never());
    expect(client.batches).toEqual([['hello'], ['query: good day']]);
  });

  it('asks for the same words once, and forgets the oldest', async () => {
    const { client, scorer } = create();
    await scorer.prepare('s', [{ id: 'a', examples: ['hello'] }]);
    const say = (text: string) => scorer.score('s', text, ['a'], never());
    await say('yes');
    await say('yes');
    expect(client.batches).toHaveLength(2);
    for (let i = 0; i < similarityLimits.recentVectors; i++) await say(`number ${i}`);
    await say('yes');
    expect(client.batches).toHaveLength(3 + similarityLimits.recentVectors);
  });

  it.each([
    ['', 0],
    ['query: ', 1],
  ])('holds examples out without embedding anything twice, prefix %j', async (prefix, questions) => {
    const { client, scorer } = create(prefix);
    await scorer.prepareAll(scorerSets);
    const asked = client.batches.length;
    const candidates = scorerSets[0]?.candidates ?? [];
    for (let round = 0; round < 2; round++) {
      const [answer] = await scorer.scoreHeldOut(candidates, ['how much is my bill'], never());
      expect(answer?.[0]?.branchId).toBe('bill');
    }
    expect(client.batches.length - asked).toBe(questions);
    expect(scorer.size).toBe(scorerSets.length);
  });
});

import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../config/clock.js';
import { similarityLimits } from '../../../config/limits.js';
import { SimilarityError } from '../similarity-error.js';
import { FakeEmbeddingClient, settle } from '../testing/fake-client.js';
import { ExampleVectors } from './example-vectors.js';

function create(maxBatch = 4) {
  const clock = new FakeClock();
  const client = new FakeEmbeddingClient({ maxBatch });
  return { clock, client, examples: new ExampleVectors(client, null, clock) };
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `text ${i}`);

describe('ExampleVectors', () => {
  it('asks in batches, a few at a time, and for each text once', async () => {
    const { client, examples } = create();
    const vectors = await examples.embedAll([...texts(30), ...texts(30)]);
    expect(vectors.size).toBe(30);
    expect(client.batches.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4, 4, 4, 2]);
    expect(client.mostOpen).toBe(similarityLimits.concurrentBatches);
    expect(examples.pending).toBe(0);
  });

  it('shares work among those who ask at the same time', async () => {
    const { client, examples } = create();
    client.hold();
    const both = [examples.embedAll(['a', 'b']), examples.embedAll(['b', 'c'])];
    await settle();
    client.release();
    const [first, second] = await Promise.all(both);
    expect(client.batches).toEqual([['a', 'b'], ['c']]);
    expect(first?.get('b')).toBe(second?.get('b'));
  });

  it('waits for an overloaded service, longer each time, as long as it asks, and not for ever', async () => {
    const { clock, client, examples } = create();
    const overloaded = new SimilarityError('overloaded', 'busy');
    client.failures.push(overloaded, new SimilarityError('overloaded', 'busy', { retryAfterMs: 5_000 }));
    const embedding = examples.embedAll(['a']);
    const asked: number[] = [];
    for (const ms of [999, 1, 4_999, 1]) {
      await settle();
      clock.advance(ms);
      await settle();
      asked.push(client.batches.length);
    }
    expect(asked).toEqual([1, 2, 2, 3]);
    expect((await embedding).size).toBe(1);

    client.failures.push(...Array.from({ length: similarityLimits.batchAttempts }, () => overloaded));
    const refused = examples.embedAll(['b']).catch((err: unknown) => err);
    for (let i = 0; i < similarityLimits.batchAttempts; i++) {
      await settle();
      clock.advance(60_000);
    }
    expect(await refused).toBe(overloaded);
    expect(clock.pendingTimers).toBe(0);
  });

  it('halves a batch that is too large until it fits', async () => {
    const { client, examples } = create(8);
    const tooLarge = new SimilarityError('too-large', 'too large');
    client.failures.push(tooLarge, tooLarge);
    expect((await examples.embedAll(texts(8))).size).toBe(8);
    expect(client.batches.map(({ length }) => length)).toEqual([8, 4, 2, 2, 4]);
  });

  it('rejects when one batch fails, for those who asked for its texts', async () => {
    const { client, examples } = create(1);
    client.failures.push(null, new SimilarityError('refused', 'no'));
    await expect(examples.embedAll(['a', 'b', 'c'])).rejects.toThrow('no');
    await settle();
    expect(examples.pending).toBe(0);
    expect((await examples.embedAll(['b'])).size).toBe(1);
  });

  it('gives up a service that hangs', async () => {
    const { clock, client, examples } = create();
    client.hold();
    const embedding = examples.embedAll(['a']).catch((err: unknown) => err);
    await settle();
    clock.advance(similarityLimits.prepareRequestMs);
    expect(await embedding).toMatchObject({ fault: 'timeout' });
    client.release();
    await settle();
    expect([clock.pendingTimers, examples.pending]).toEqual([0, 0]);
  });

  it('ends what is running when it is closed, and takes nothing more', async () => {
    const { clock, client, examples } = create();
    client.hold();
    const running = examples.embedAll(['a']).catch((err: unknown) => err);
    await settle();
    examples.close();
    expect(await running).toMatchObject({ fault: 'unavailable' });
    await expect(examples.embedAll(['b'])).rejects.toMatchObject({ fault: 'unavailable' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses vectors of several dimensions', async () => {
    const { client, examples } = create(1);
    client.embedOne = (text) => (text === 'b' ? [1, 2] : [1, 2, 3]);
    await expect(examples.embedAll(['a', 'b'])).rejects.toThrow('changed the dimension');
  });
});

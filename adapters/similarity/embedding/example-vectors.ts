import { setMaxListeners } from 'node:events';

import type { Clock } from '../../../config/clock.js';
import { similarityLimits } from '../../../config/limits.js';
import { SimilarityError } from '../similarity-error.js';
import { until, waitFor } from '../waiting.js';
import type { EmbeddingClient } from './embedding-client.js';
import { vectorKey, type VectorCache } from './vector-cache.js';
import { normalizeAll } from './vectors.js';

interface Deferred {
  readonly text: string;
  readonly key: string;
  readonly promise: Promise<Float32Array>;
  resolve(vector: Float32Array): void;
  reject(error: unknown): void;
}

/**
 * Vectors of texts that are known beforehand, of length 1: from the disk where they are there, else from the client in
 * batches, a few at a time. Every tree and every node asks the same instance, so that each text is embedded once however
 * many ask for it at the same time.
 */
export class ExampleVectors {
  readonly #client: EmbeddingClient;
  readonly #cache: VectorCache | null;
  readonly #clock: Clock;
  readonly #asked = new Map<string, Promise<Float32Array>>();
  readonly #closing = new AbortController();
  readonly #places = new Places(similarityLimits.concurrentBatches);

  constructor(client: EmbeddingClient, cache: VectorCache | null, clock: Clock) {
    this.#client = client;
    this.#cache = cache;
    this.#clock = clock;
    // One for each request under way.
    setMaxListeners(0, this.#closing.signal);
  }

  /** How many texts are being embedded. */
  get pending(): number {
    return this.#asked.size;
  }

  /**
   * A vector for each text, by text. Rejects with the first failure; what succeeded is kept, so that trying again goes
   * on from there. The work is shared, therefore it goes on when one of those who asked has left.
   */
  async embedAll(texts: Iterable<string>): Promise<Map<string, Float32Array>> {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    await this.#timed(async (deadline) => this.#client.open?.(deadline));
    const answers = new Map<string, Promise<Float32Array>>();
    const fresh: Deferred[] = [];
    for (const text of new Set(texts)) {
      const key = vectorKey(this.#client.modelId, text);
      const running = this.#asked.get(key);
      if (running) {
        answers.set(text, running);
        continue;
      }
      const deferred = createDeferred(text, key);
      this.#asked.set(key, deferred.promise);
      answers.set(text, deferred.promise);
      fresh.push(deferred);
    }
    const work = this.#fill(fresh);
    const vectors = new Map<string, Float32Array>();
    for (const [text, answer] of answers) vectors.set(text, await answer);
    await work;
    const dimension = vectors.values().next().value?.length;
    for (const vector of vectors.values())
      if (vector.length !== dimension)
        throw new SimilarityError('garbage', `${this.#client.name} changed the dimension of its vectors`);
    return vectors;
  }

  /** Ends what is running; it rejects. */
  close(): void {
    this.#closing.abort(new SimilarityError('unavailable', `${this.#client.name} was closed`));
  }

  /** Answers every deferred; never rejects. */
  async #fill(fresh: readonly Deferred[]): Promise<void> {
    try {
      const kept = (await this.#cache?.read(fresh.map(({ key }) => key))) ?? new Map<string, Float32Array>();
      const missing: Deferred[] = [];
      for (const deferred of fresh) {
        const vector = kept.get(deferred.key);
        if (vector) deferred.resolve(vector);
        else missing.push(deferred);
      }
      const { maxBatch } = this.#client;
      const batches: Deferred[][] = [];
      for (let i = 0; i < missing.length; i += maxBatch) batches.push(missing.slice(i, i + maxBatch));
      const embedded = await Promise.all(batches.map((batch) => this.#places.run(() => this.#answer(batch))));
      const entries = embedded.flat();
      if (entries.length > 0) await this.#cache?.write(entries);
    } catch (err) {
      for (const deferred of fresh) deferred.reject(err);
    } finally {
      for (const { key } of fresh) this.#asked.delete(key);
    }
  }

  /** What could be embedded; the rest is rejected. */
  async #answer(batch: readonly Deferred[]): Promise<(readonly [string, Float32Array])[]> {
    try {
      const vectors = await this.#embed(batch.map(({ text }) => text));
      return batch.map((deferred, i): readonly [string, Float32Array] => {
        const vector = vectors[i] ?? new Float32Array();
        deferred.resolve(vector);
        return [deferred.key, vector];
      });
    } catch (err) {
      for (const deferred of batch) deferred.reject(err);
      return [];
    }
  }

  /** Waits for a service that is overloaded, and halves a batch that is too large for it. */
  async #embed(texts: readonly string[]): Promise<Float32Array[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const vectors = await this.#timed((signal) => this.#client.embed(texts, signal));
        return normalizeAll(this.#client.name, vectors, texts.length);
      } catch (err) {
        if (!(err instanceof SimilarityError)) throw err;
        if (err.fault === 'too-large' && texts.length > 1) {
          const middle = texts.length >> 1;
          return [
            ...(await this.#embed(texts.slice(0, middle))),
            ...(await this.#embed(texts.slice(middle))),
          ];
        }
        if (err.fault !== 'overloaded' || attempt >= similarityLimits.batchAttempts) throw err;
        const pauseMs = err.retryAfterMs ?? similarityLimits.retryFirstMs * 2 ** (attempt - 1);
        await waitFor(this.#clock, Math.min(pauseMs, similarityLimits.retryAfterMs), this.#closing.signal);
      }
    }
  }

  #timed<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new SimilarityError(
      'timeout',
      `${this.#client.name} did not answer within ${similarityLimits.prepareRequestMs} ms`,
    );
    return until(this.#clock, similarityLimits.prepareRequestMs, late, this.#closing.signal, work);
  }
}

/** Runs at most `count` pieces of work at the same time, the others in order. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

function createDeferred(text: string, key: string): Deferred {
  const { promise, resolve, reject } = withResolvers();
  // Whoever asked sees the failure; a second one nobody waits for yet must not end the process.
  promise.catch(() => undefined);
  return { text, key, promise, resolve, reject };
}

function withResolvers(): Pick<Deferred, 'promise' | 'resolve' | 'reject'> {
  let resolve: Deferred['resolve'] = () => undefined;
  let reject: Deferred['reject'] = () => undefined;
  const promise = new Promise<Float32Array>((onVector, onError) => {
    resolve = onVector;
    reject = onError;
  });
  return { promise, resolve, reject };
}

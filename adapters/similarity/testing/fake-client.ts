import type { EmbeddingClient } from '../embedding/embedding-client.js';
import { toyEmbedding } from './toy-embedding.js';

/** An embedding client of this process: answers when told to, and remembers what it was asked. */
export class FakeEmbeddingClient implements EmbeddingClient {
  readonly name = 'fake';
  readonly modelId: string;
  readonly maxBatch: number;
  /** The texts of each question. */
  readonly batches: (readonly string[])[] = [];
  /** Thrown by the next questions, one each; null = that question succeeds. */
  readonly failures: (Error | null)[] = [];
  #held: (() => void)[] | null = null;
  #open = 0;
  mostOpen = 0;
  embedOne: (text: string) => number[] = toyEmbedding;

  constructor({ maxBatch = 4, modelId = 'toy' }: { maxBatch?: number; modelId?: string } = {}) {
    this.maxBatch = maxBatch;
    this.modelId = modelId;
  }

  /** From now on questions wait until `release`. */
  hold(): void {
    this.#held = [];
  }

  /** Lets waiting questions go on. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const go of held) go();
  }

  async embed(texts: readonly string[]): Promise<Float32Array[]> {
    this.batches.push(texts);
    this.#open++;
    this.mostOpen = Math.max(this.mostOpen, this.#open);
    try {
      const held = this.#held;
      if (held) await new Promise<void>((resolve) => held.push(resolve));
      else await Promise.resolve();
      const failure = this.failures.shift();
      if (failure) throw failure;
      return texts.map((text) => Float32Array.from(this.embedOne(text)));
    } finally {
      this.#open--;
    }
  }

  close(): Promise<void> {
    this.release();
    return Promise.resolve();
  }
}

/** Lets everything go on that waits for promises only. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

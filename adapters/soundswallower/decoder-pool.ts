import type { GrammarDecoder } from './decoder.js';

/**
 * Decoders, made when they are needed and kept: each costs 28 MB and 150 ms to make.
 *
 * Whoever acquires one releases or discards it; who has to wait is served in order.
 */
export class DecoderPool {
  readonly #create: () => Promise<GrammarDecoder>;
  readonly #max: number;
  readonly #idle: GrammarDecoder[] = [];
  readonly #waiting: ((decoder: GrammarDecoder) => void)[] = [];
  #count = 0;
  #creating = 0;

  constructor(create: () => Promise<GrammarDecoder>, max: number) {
    this.#create = create;
    this.#max = max;
  }

  /** Calls `use` with a decoder, at once when one is idle; one that already has `grammar` is preferred. */
  acquire(grammar: string, use: (decoder: GrammarDecoder) => void): void {
    const match = this.#idle.findIndex((decoder) => decoder.grammar === grammar);
    const decoder = match >= 0 ? this.#idle.splice(match, 1)[0] : this.#idle.pop();
    if (decoder) return use(decoder);
    this.#waiting.push(use);
    this.#grow();
  }

  release(decoder: GrammarDecoder): void {
    if (decoder.isWorn) return this.discard(decoder);
    const next = this.#waiting.shift();
    if (next) next(decoder);
    else this.#idle.push(decoder);
  }

  /** For a decoder that failed, or that has learnt too much. */
  discard(decoder: GrammarDecoder): void {
    decoder.delete();
    this.#count--;
    this.#grow();
  }

  #grow(): void {
    if (this.#count >= this.#max || this.#creating >= this.#waiting.length) return;
    this.#count++;
    this.#creating++;
    void this.#add();
  }

  /** A failure to make one is a failure of the engine: it ends the thread, and with it every recognition. */
  async #add(): Promise<void> {
    const decoder = await this.#create();
    this.#creating--;
    this.release(decoder);
  }
}

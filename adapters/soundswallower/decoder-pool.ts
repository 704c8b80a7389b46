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

  /**
   * Calls `use` with a decoder, at once when one is idle: the one that last heard this line, as it has adapted to it;
   * else one that already has the grammar; else the one that has been idle for longest, whose caller is likeliest gone.
   */
  acquire(line: string, grammar: string, use: (decoder: GrammarDecoder) => void): void {
    const decoder =
      this.#take((idle) => idle.line === line) ??
      this.#take((idle) => idle.grammar === grammar) ??
      this.#idle.shift();
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

  #take(fits: (decoder: GrammarDecoder) => boolean): GrammarDecoder | undefined {
    const at = this.#idle.findIndex(fits);
    return at < 0 ? undefined : this.#idle.splice(at, 1)[0];
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

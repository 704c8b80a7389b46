import type { SpeechError } from '../../media/speech/errors.js';
import type { DecoderRun } from './decoder-run.js';

/**
 * Which recognitions have a decoder, and which wait for one.
 *
 * A place that becomes free goes to the run that has waited longest among those whose audio is complete, as somebody
 * waits for their result; else to the one that has waited longest.
 */
export class DecoderPlaces {
  readonly #decoders: number;
  readonly #queue: number;
  readonly #running = new Map<number, DecoderRun>();
  readonly #waiting = new Set<DecoderRun>();

  /** `queue` is how many may wait. */
  constructor(decoders: number, queue: number) {
    this.#decoders = decoders;
    this.#queue = queue;
  }

  get isFull(): boolean {
    return this.#running.size >= this.#decoders && this.#waiting.size >= this.#queue;
  }

  /** Those that wait included. */
  get count(): number {
    return this.#running.size + this.#waiting.size;
  }

  /** The run with this id, if it has a decoder. */
  running(id: number): DecoderRun | undefined {
    return this.#running.get(id);
  }

  /** Begins the run, or lets it wait; only while not `isFull`. */
  enter(run: DecoderRun): void {
    this.#waiting.add(run);
    this.#fill();
  }

  /** The run is over, wherever it was. */
  leave(run: DecoderRun): void {
    this.#running.delete(run.id);
    this.#waiting.delete(run);
    this.#fill();
  }

  /** The decoders are gone and with them what they heard; who waits has lost nothing and begins. */
  failRunning(error: SpeechError): void {
    for (const run of [...this.#running.values()]) run.fail(error);
  }

  failAll(error: SpeechError): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const run of waiting) run.fail(error);
    this.failRunning(error);
  }

  #fill(): void {
    while (this.#running.size < this.#decoders) {
      const run = this.#next();
      if (!run) return;
      this.#waiting.delete(run);
      this.#running.set(run.id, run);
      run.begin();
    }
  }

  #next(): DecoderRun | undefined {
    const waiting = [...this.#waiting];
    return waiting.find((run) => run.isComplete) ?? waiting[0];
  }
}

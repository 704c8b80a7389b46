import { LabelledCounter } from '../stats/counters.js';
import type { SessionEnding } from './close-reasons.js';

/** Why an upgrade was refused. */
export type RefusalCause = 'draining' | 'full' | 'rush' | 'unauthorized' | 'bad-request';

/** What audio sockets have done since the start; plain counters, read when a scrape asks. */
export class AudioSocketStats {
  framesIn = 0;
  framesOut = 0;
  /** Of the client that came before its stream was open or found the worker behind, and of ours that it could not take. */
  framesDropped = 0;
  readonly #endings = new LabelledCounter();
  readonly #refusals = new LabelledCounter();

  ended(ending: SessionEnding): void {
    this.#endings.increment(ending);
  }

  refused(cause: RefusalCause): void {
    this.#refusals.increment(cause);
  }

  get endings(): ReadonlyMap<string, number> {
    return new Map(this.#endings.entries());
  }

  get refusals(): ReadonlyMap<string, number> {
    return new Map(this.#refusals.entries());
  }
}

import type { Clock } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';

/** Sends a message to this node itself and waits for it, so that a subscription that is deaf shows. One at a time. */
export class Prober {
  readonly #clock: Clock;
  readonly #send: (id: number) => Promise<boolean>;
  #lastId = 0;
  #running: Promise<number | null> | null = null;
  #awaited = 0;
  #end: ((arrived: boolean) => void) | null = null;
  #lastMs: number | null = null;

  /** `send` resolves with false when nobody would receive it; it does not reject. */
  constructor(clock: Clock, send: (id: number) => Promise<boolean>) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Of the last probe; null: it was lost, or there was none. */
  get lastMs(): number | null {
    return this.#lastMs;
  }

  /** Milliseconds there and back; null when it did not come back in time. Asked while one runs, it is that one. */
  probe(): Promise<number | null> {
    this.#running ??= this.#probe().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** A probe has come in. */
  arrived(id: number): void {
    if (id === this.#awaited) this.#end?.(true);
  }

  /** The probe under way is lost. */
  close(): void {
    this.#end?.(false);
  }

  async #probe(): Promise<number | null> {
    const startMs = this.#clock.nowMs();
    const id = ++this.#lastId;
    const came = await new Promise<boolean>((resolve) => {
      const end = (arrived: boolean): void => {
        timer.cancel();
        resolve(arrived);
      };
      const timer = this.#clock.setTimer(() => end(false), routingLimits.probeMs);
      this.#awaited = id;
      this.#end = end;
      void this.#send(id).then((received) => {
        if (!received) end(false);
      });
    });
    this.#end = null;
    this.#lastMs = came ? this.#clock.nowMs() - startMs : null;
    return this.#lastMs;
  }
}

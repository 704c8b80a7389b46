import { mediaLimits } from '../../config/limits.js';
import type { FrameCredit } from './frame-credit.js';

/** Before each frame of a batch: stream number and length, 32 bits each. */
const entryHeaderBytes = 8;
const firstCapacityBytes = 4_096;

export interface FrameOutboxDependencies {
  readonly credit: FrameCredit;
  /** Posts a batch to the other thread, which then owns its memory. */
  readonly post: (batch: Uint8Array<ArrayBuffer>) => void;
  /** Calls `flush` when the frames of this turn of the event loop are there. */
  readonly defer: (flush: () => void) => void;
}

/**
 * Carries the frames of all streams to the other thread in one message for each turn of the event loop.
 *
 * A frame costs a copy of its octets; a message, which costs more than that, is shared by all that are due together.
 */
export class FrameOutbox {
  readonly #deps: FrameOutboxDependencies;
  #buffer = new Uint8Array(firstCapacityBytes);
  #view = new DataView(this.#buffer.buffer);
  #used = 0;
  #deferred = false;

  constructor(deps: FrameOutboxDependencies) {
    this.#deps = deps;
  }

  /** Copies a frame; false when the other thread has too much to take already, and the frame is lost. */
  add(stream: number, frame: Uint8Array): boolean {
    const needed = entryHeaderBytes + frame.length;
    if (this.#deps.credit.underWay + this.#used + needed > mediaLimits.framesUnderWayBytes) return false;
    if (this.#used + needed > this.#buffer.length) this.#grow(this.#used + needed);
    this.#view.setUint32(this.#used, stream, true);
    this.#view.setUint32(this.#used + 4, frame.length, true);
    this.#buffer.set(frame, this.#used + entryHeaderBytes);
    this.#used += needed;
    if (!this.#deferred) {
      this.#deferred = true;
      this.#deps.defer(this.#onDeferred);
    }
    return true;
  }

  /** Posts what there is now: what is posted next by other means must not overtake it. */
  flush(): void {
    if (this.#used === 0) return;
    const batch = this.#buffer.slice(0, this.#used);
    this.#used = 0;
    this.#deps.credit.post(batch.length);
    this.#deps.post(batch);
  }

  readonly #onDeferred = (): void => {
    this.#deferred = false;
    this.flush();
  };

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#used));
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Hands out the frames of a batch in order; each is a view of the batch, `frame` valid as long as that is. */
export function readFrames(batch: Uint8Array, onFrame: (stream: number, frame: Uint8Array) => void): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  for (let at = 0; at + entryHeaderBytes <= batch.length;) {
    const start = at + entryHeaderBytes;
    const end = start + view.getUint32(at + 4, true);
    onFrame(view.getUint32(at, true), batch.subarray(start, end));
    at = end;
  }
}

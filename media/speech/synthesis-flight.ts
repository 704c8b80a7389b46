import type { Clock, Timer } from '../../config/clock.js';
import { mediaLimits, speechLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { AudioClip, ClipMark } from './audio-clip.js';
import type { SynthesisKey } from './cache-key.js';
import type { ClipEncoder } from './clip-encoder.js';
import { SpeechError } from './errors.js';
import type { SynthesisRequest, Synthesizer, SynthesizerListener } from './synthesizer.js';

/**
 * Who wants a prompt. One of three stories, then nothing more: `onClip`; any number of `onChunk`, then `onEnd`; any
 * number of `onChunk`, then `onError` (what came before is then to be dropped, it is not the whole prompt).
 */
export interface ClipConsumer {
  /** A hit: the whole prompt, from inside `SynthesisCache.get`. */
  onClip(clip: AudioClip): void;
  /**
   * A miss: encoded audio as it comes; `bytes` may be kept (nobody writes it again) and may be empty beside a mark.
   *
   * Whoever joins a running synthesis gets the earlier part first, from inside `SynthesisCache.get`.
   */
  onChunk(bytes: Uint8Array<SharedArrayBuffer>, marks: readonly ClipMark[]): void;
  onEnd(): void;
  onError(error: SpeechError): void;
}

/** A wish that can be taken back: after `cancel` (idempotent) its consumer hears nothing more. */
export interface ClipSubscription {
  cancel(): void;
}

interface Follower {
  readonly consumer: ClipConsumer;
  /** The next chunk to hand over; a cursor for each, so that one who joins in the middle of a call-back misses nothing. */
  cursor: number;
  active: boolean;
}

/** The whole prompt, or why there is none. */
export type FlightOutcome = AudioClip | SpeechError | 'abandoned';

/** What the cache hears of a flight. */
export interface FlightOwner {
  /** Once, before the followers hear of it. */
  onSettled(flight: SynthesisFlight, outcome: FlightOutcome): void;
  /** The last follower left a flight that has not settled. */
  onAbandoned(flight: SynthesisFlight): void;
}

/** What a flight is about. */
export interface FlightJob {
  readonly key: SynthesisKey;
  readonly engine: Synthesizer;
  /** As the engine is asked: its own rate. */
  readonly request: SynthesisRequest;
  readonly encoder: ClipEncoder;
}

/**
 * One synthesis and everyone who waits for it.
 *
 * waiting -> running -> settled; waiting -> settled. `#settle` is the only way out: it stops the timer, aborts the
 * engine if need be, tells the owner first and the followers next, so that a follower that asks again in its call-back
 * finds the stored clip, or a clean slate.
 */
export class SynthesisFlight {
  readonly job: FlightJob;
  readonly #owner: FlightOwner;
  readonly #logger: Logger;
  readonly #followers = new Set<Follower>();
  readonly #abort = new AbortController();
  readonly #timer: Timer;
  #settled = false;
  #urgent = false;

  constructor(job: FlightJob, owner: FlightOwner, clock: Clock, logger: Logger) {
    this.job = job;
    this.#owner = owner;
    this.#logger = logger;
    this.#timer = clock.setTimer(() => {
      this.fail(new SpeechError('timeout', `no complete prompt within ${speechLimits.synthesisMs} ms`));
    }, speechLimits.synthesisMs);
  }

  get engineName(): string {
    return this.job.engine.capabilities.name;
  }

  get urgent(): boolean {
    return this.#urgent;
  }

  get followers(): number {
    return this.#followers.size;
  }

  start(): void {
    if (this.#settled) return;
    try {
      this.job.engine.speak(this.job.request, this.#listener(), this.#abort.signal);
    } catch (error) {
      this.fail(new SpeechError('internal', 'the synthesizer threw', true, { cause: error }));
    }
  }

  /** `urgent` false for warming, which lets callers go first. */
  join(consumer: ClipConsumer, urgent: boolean): ClipSubscription {
    this.#urgent ||= urgent;
    const follower: Follower = { consumer, cursor: 0, active: true };
    this.#followers.add(follower);
    this.#pump(follower);
    return { cancel: () => this.#leave(follower) };
  }

  /** Ends it for everyone; nothing is stored. */
  fail(error: SpeechError): void {
    this.#settle(error);
  }

  /** Nobody is left to tell and nothing went wrong: it ends without a word. */
  abandon(): void {
    this.#settle('abandoned');
  }

  #listener(): SynthesizerListener {
    return {
      onAudio: (samples) => {
        if (this.#settled) return;
        this.job.encoder.addAudio(samples);
        this.#pumpAll();
        this.#checkBounds();
      },
      onMark: (name, offsetMs) => {
        if (this.#settled) return;
        this.job.encoder.addMark(name, offsetMs);
        this.#pumpAll();
      },
      onEnd: () => this.#complete(),
      onError: (error) => this.fail(error),
    };
  }

  #checkBounds(): void {
    const { durationMs, chunks } = this.job.encoder;
    if (durationMs > mediaLimits.promptMs) {
      this.fail(new SpeechError('bad-input', `prompt longer than ${mediaLimits.promptMs} ms`));
    } else if (chunks.length > speechLimits.clipChunks) {
      this.fail(new SpeechError('internal', `prompt in more than ${speechLimits.clipChunks} pieces`));
    }
  }

  #complete(): void {
    if (this.#settled) return;
    this.job.encoder.finish();
    if (this.job.encoder.durationMs === 0) {
      this.fail(new SpeechError('internal', 'the synthesizer ended without audio', true));
    } else {
      this.#settle(this.job.encoder.toClip());
    }
  }

  #settle(outcome: FlightOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#timer.cancel();
    const error = outcome instanceof SpeechError ? outcome : null;
    if (error || outcome === 'abandoned') this.#abort.abort();
    this.#owner.onSettled(this, outcome);
    for (const follower of [...this.#followers]) {
      if (!error) this.#pump(follower);
      if (!follower.active) continue;
      this.#drop(follower);
      this.#guard(() => (error ? follower.consumer.onError(error) : follower.consumer.onEnd()));
    }
  }

  #pumpAll(): void {
    for (const follower of [...this.#followers]) this.#pump(follower);
  }

  #pump(follower: Follower): void {
    const { chunks } = this.job.encoder;
    while (follower.active) {
      const chunk = chunks[follower.cursor];
      if (!chunk) return;
      follower.cursor++;
      if (!this.#guard(() => follower.consumer.onChunk(chunk.bytes, chunk.marks))) this.#leave(follower);
    }
  }

  #leave(follower: Follower): void {
    if (!follower.active) return;
    this.#drop(follower);
    if (this.#followers.size === 0 && !this.#settled) this.#owner.onAbandoned(this);
  }

  #drop(follower: Follower): void {
    follower.active = false;
    this.#followers.delete(follower);
  }

  /** One consumer's fault is its own: the others and the store go on. */
  #guard(call: () => void): boolean {
    try {
      call();
      return true;
    } catch (err) {
      this.#logger.error('prompt consumer threw', { err });
      return false;
    }
  }
}

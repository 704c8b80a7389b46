import type { Clock } from '../../config/clock.js';
import { speechLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { WireEncoding } from './audio-clip.js';
import { synthesisKey, type SynthesisKey } from './cache-key.js';
import { ClipEncoder, type Encoder, type ResamplerFactory } from './clip-encoder.js';
import { ClipStore } from './clip-store.js';
import { SpeechError } from './errors.js';
import { FlightQueue } from './flight-queue.js';
import {
  SynthesisFlight,
  type ClipConsumer,
  type ClipSubscription,
  type FlightOutcome,
  type FlightOwner,
} from './synthesis-flight.js';
import { checkRequest, nearestRate } from './synthesis-request.js';
import type { SynthesisRequest, Synthesizer } from './synthesizer.js';

export type { ClipConsumer, ClipSubscription };

/** Bounds and choices of a `SynthesisCache`; `speechLimits` has the defaults. */
export interface SynthesisCacheOptions {
  /** From being stored. */
  readonly ttlMs: number;
  readonly maxBytes: number;
  /** Of one engine at the same time. */
  readonly maxConcurrentSyntheses?: number;
  /** Whether a synthesis that nobody waits for any more goes on to fill the cache (the next caller will want it). */
  readonly finishAbandoned?: boolean;
}

/** What a `SynthesisCache` works with. */
export interface SynthesisCacheDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly encode: Encoder;
  readonly createResampler: ResamplerFactory;
}

/** Counters since the start, and what is held now. */
export interface SynthesisCacheStats {
  readonly hits: number;
  /** Gets that started a synthesis. */
  readonly misses: number;
  /** Gets that joined a running one. */
  readonly joined: number;
  readonly entries: number;
  readonly bytes: number;
  readonly evictions: number;
  readonly expirations: number;
  /** Syntheses that ended in an error. */
  readonly failures: number;
  readonly inFlight: number;
}

const finished: ClipSubscription = { cancel: () => undefined };

/**
 * Prompts by what was asked for, each synthesised once.
 *
 * The key is made of every input that changes the audio (cache-key.ts). N concurrent misses of one key cost one call
 * of the engine and all of them hear it as it comes. Only a whole prompt, from exactly the engine the key names, is
 * ever stored; failed, aborted, timed-out, empty and over-long ones are not. One thread; nothing here blocks.
 */
export class SynthesisCache {
  readonly #finishAbandoned: boolean;
  readonly #deps: SynthesisCacheDeps;
  readonly #store: ClipStore;
  /** By canonical key: unlike the MD5 it cannot collide. */
  readonly #flights = new Map<string, SynthesisFlight>();
  readonly #queue: FlightQueue<SynthesisFlight>;
  readonly #counters = { hits: 0, misses: 0, joined: 0, failures: 0 };
  readonly #owner: FlightOwner = {
    onSettled: (flight, outcome) => this.#onSettled(flight, outcome),
    onAbandoned: (flight) => this.#onAbandoned(flight),
  };
  #closed = false;

  constructor(options: SynthesisCacheOptions, deps: SynthesisCacheDeps) {
    this.#deps = deps;
    this.#finishAbandoned = options.finishAbandoned ?? true;
    this.#store = new ClipStore(options, deps.clock);
    this.#queue = new FlightQueue(
      options.maxConcurrentSyntheses ?? speechLimits.concurrentSyntheses,
      speechLimits.waitingSyntheses,
    );
  }

  /**
   * The prompt for `request` (whose `sampleRateHz` is the wire's rate) in `engine`'s voice.
   *
   * A hit, the earlier part of a running synthesis and a refusal are told from inside this call; everything else later.
   */
  get(
    engine: Synthesizer,
    request: SynthesisRequest,
    encoding: WireEncoding,
    consumer: ClipConsumer,
  ): ClipSubscription {
    return this.#get(engine, request, encoding, consumer, true);
  }

  /** Makes sure that the prompt is stored; false when it could not be made (the reason is in the log). */
  warm(engine: Synthesizer, request: SynthesisRequest, encoding: WireEncoding): Promise<boolean> {
    return new Promise((resolve) => {
      const consumer: ClipConsumer = {
        onClip: () => resolve(true),
        onChunk: () => undefined,
        onEnd: () => resolve(true),
        onError: (err) => {
          this.#deps.logger.warn('prompt not warmed', { engine: engine.capabilities.name, err });
          resolve(false);
        },
      };
      this.#get(engine, request, encoding, consumer, false);
    });
  }

  stats(): SynthesisCacheStats {
    const { size: entries, bytes, evictions, expirations } = this.#store;
    return { ...this.#counters, entries, bytes, evictions, expirations, inFlight: this.#flights.size };
  }

  /** Forgets what is stored (a voice was re-recorded under the same name); running syntheses go on. */
  clear(): void {
    this.#store.clear();
  }

  /** Fails what runs with `unavailable` and refuses whatever comes after. */
  close(): void {
    this.#closed = true;
    for (const flight of [...this.#flights.values()]) flight.fail(closedError());
    this.#store.clear();
  }

  #get(
    engine: Synthesizer,
    request: SynthesisRequest,
    encoding: WireEncoding,
    consumer: ClipConsumer,
    urgent: boolean,
  ): ClipSubscription {
    const refusal = this.#closed ? closedError() : checkRequest(request, engine.capabilities);
    if (refusal) {
      consumer.onError(refusal);
      return finished;
    }
    const { name, revision, sampleRatesHz } = engine.capabilities;
    const engineRateHz = nearestRate(sampleRatesHz, request.sampleRateHz);
    const key = synthesisKey({
      engine: name,
      revision,
      engineRateHz,
      encoding,
      wireRateHz: request.sampleRateHz,
      request,
    });
    const clip = this.#store.get(key);
    if (clip) {
      this.#counters.hits++;
      consumer.onClip(clip);
      return finished;
    }
    const running = this.#flights.get(key.canonical);
    if (running) {
      this.#counters.joined++;
      return running.join(consumer, urgent);
    }
    this.#counters.misses++;
    return this.#launch(this.#createFlight(key, engine, engineRateHz, request, encoding), consumer, urgent);
  }

  #createFlight(
    key: SynthesisKey,
    engine: Synthesizer,
    engineRateHz: number,
    request: SynthesisRequest,
    encoding: WireEncoding,
  ): SynthesisFlight {
    const { clock, logger, encode, createResampler } = this.#deps;
    const encoder = new ClipEncoder(encoding, engineRateHz, request.sampleRateHz, encode, createResampler);
    // A copy, so that a caller that goes on using its object cannot change what is spoken under this key.
    const engineRequest = { ...request, extras: { ...request.extras }, sampleRateHz: engineRateHz };
    return new SynthesisFlight({ key, engine, request: engineRequest, encoder }, this.#owner, clock, logger);
  }

  #launch(flight: SynthesisFlight, consumer: ClipConsumer, urgent: boolean): ClipSubscription {
    this.#flights.set(flight.job.key.canonical, flight);
    const subscription = flight.join(consumer, urgent);
    if (!this.#queue.admit(flight)) {
      flight.fail(
        new SpeechError('capacity', `more than ${speechLimits.waitingSyntheses} prompts wait for synthesis`),
      );
    }
    return subscription;
  }

  #onSettled(flight: SynthesisFlight, outcome: FlightOutcome): void {
    this.#flights.delete(flight.job.key.canonical);
    if (outcome instanceof SpeechError) this.#counters.failures++;
    else if (outcome !== 'abandoned') this.#store.set(flight.job.key, outcome);
    this.#queue.leave(flight);
  }

  #onAbandoned(flight: SynthesisFlight): void {
    const goesOn =
      this.#finishAbandoned &&
      !this.#queue.isWaiting(flight) &&
      this.#abandoned() <= speechLimits.abandonedSyntheses;
    if (!goesOn) flight.abandon();
  }

  #abandoned(): number {
    let count = 0;
    for (const flight of this.#flights.values()) if (flight.followers === 0) count++;
    return count;
  }
}

function closedError(): SpeechError {
  return new SpeechError('unavailable', 'the synthesis cache is closed', false);
}

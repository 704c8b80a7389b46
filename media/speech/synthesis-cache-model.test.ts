import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { FakeClock } from '../../config/clock.js';
import { speechLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SpeechError } from './errors.js';
import { SynthesisCache } from './synthesis-cache.js';
import type { ClipSubscription } from './synthesis-flight.js';
import {
  ManualSynthesizer,
  RecordingConsumer,
  plainEncode,
  speechRequest,
  type ManualSpeech,
} from './testing/manual-synthesizer.js';

const ttlMs = 100_000;
/** Room for two of the three prompts, so that eviction happens all the time. */
const storeBytes = 2_700;

/** What a text sounds like: its code repeated with a count, so that no other text, order or length equals it. */
function trueAudio(text: string): number[] {
  const code = text.charCodeAt(0);
  return Array.from({ length: 200 + code }, (_, i) => (i % 2 ? code : i % 251));
}

type Step =
  | { readonly do: 'get'; readonly text: string }
  | { readonly do: 'cancel'; readonly who: number }
  | { readonly do: 'audio' | 'fail' | 'finish' | 'stray'; readonly which: number; readonly samples: number }
  | { readonly do: 'wait'; readonly ms: number };

const text = fc.constantFrom('a', 'b', 'c');
const index = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('get' as const), text }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), who: index }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'audio' as const,
        'audio' as const,
        'finish' as const,
        'fail' as const,
        'stray' as const,
      ),
      which: index,
      samples: fc.integer({ min: 1, max: 150 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(5, speechLimits.synthesisMs, ttlMs),
    }),
  },
);

interface Caller {
  readonly text: string;
  readonly consumer: RecordingConsumer;
  readonly subscription: ClipSubscription;
  cancelledAfter: number | null;
}

/** The cache under test, an engine that speaks the truth by hand, and everyone who ever asked. */
class World {
  readonly clock = new FakeClock();
  readonly engine = new ManualSynthesizer();
  readonly cache: SynthesisCache;
  readonly callers: Caller[] = [];
  readonly #spoken = new Map<ManualSpeech, number>();
  readonly #ended = new Set<ManualSpeech>();

  constructor(finishAbandoned: boolean) {
    this.cache = new SynthesisCache(
      { ttlMs, maxBytes: storeBytes, maxConcurrentSyntheses: 2, finishAbandoned },
      {
        clock: this.clock,
        logger: new MemoryLogger(),
        encode: plainEncode,
        createResampler: () => {
          throw new Error('no resampling here');
        },
      },
    );
  }

  run(action: Step): void {
    switch (action.do) {
      case 'get':
        return this.#get(action.text);
      case 'cancel':
        return this.#cancel(this.callers[action.who % Math.max(1, this.callers.length)]);
      case 'wait':
        return this.clock.advance(action.ms);
      case 'stray':
        // An engine that goes on after its end or after being aborted: nobody may notice.
        return this.engine.calls.filter((call) => this.#isOver(call)).forEach((call) => speakNonsense(call));
      default:
        return this.#speak(action);
    }
  }

  check(): void {
    for (const { text, consumer, cancelledAfter } of this.callers) {
      const truth = trueAudio(text);
      const complete = consumer.events.includes('clip') || consumer.events.includes('end');
      expect(consumer.bytes).toEqual(complete ? truth : truth.slice(0, consumer.bytes.length));
      expect(consumer.events.filter((event) => event !== 'chunk').length).toBeLessThanOrEqual(1);
      expect(consumer.events.slice(0, -1).every((event) => event === 'chunk')).toBe(true);
      if (cancelledAfter !== null) expect(consumer.events).toHaveLength(cancelledAfter);
    }
    const running = this.engine.calls.filter((call) => !this.#isOver(call));
    expect(new Set(running.map((call) => call.request.text)).size).toBe(running.length);
    expect(running.length).toBeLessThanOrEqual(2);
    expect(this.cache.stats().bytes).toBeLessThanOrEqual(storeBytes);
    expect(this.engine.calls.length).toBeLessThanOrEqual(this.cache.stats().misses);
  }

  #get(wanted: string): void {
    const consumer = new RecordingConsumer();
    const subscription = this.cache.get(this.engine, speechRequest({ text: wanted }), 'PCMU', consumer);
    this.callers.push({ text: wanted, consumer, subscription, cancelledAfter: null });
  }

  #cancel(caller: Caller | undefined): void {
    if (!caller || caller.cancelledAfter !== null) return;
    caller.subscription.cancel();
    caller.cancelledAfter = caller.consumer.events.length;
  }

  #speak({ do: what, which, samples }: { do: string; which: number; samples: number }): void {
    const running = this.engine.calls.filter((call) => !this.#isOver(call));
    const call = running[which % Math.max(1, running.length)];
    if (!call) return;
    if (what === 'fail') {
      this.#ended.add(call);
      return call.listener.onError(new SpeechError('unavailable', 'gone'));
    }
    const from = this.#spoken.get(call) ?? 0;
    const truth = trueAudio(call.request.text);
    const to = what === 'finish' ? truth.length : Math.min(truth.length, from + samples);
    this.#spoken.set(call, to);
    if (to > from) call.listener.onAudio(Int16Array.from(truth.slice(from, to)));
    if (what !== 'finish') return;
    this.#ended.add(call);
    call.listener.onEnd();
  }

  #isOver(call: ManualSpeech): boolean {
    return call.signal.aborted || this.#ended.has(call);
  }
}

function speakNonsense({ listener }: ManualSpeech): void {
  listener.onAudio(Int16Array.of(-1, -1));
  listener.onMark('stray', 0);
  listener.onEnd();
  listener.onError(new SpeechError('internal', 'stray'));
}

describe('SynthesisCache under any order of events', () => {
  it('gives everyone the true audio or a prefix of it, one call at a time for a key, and leaks nothing', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 60, size: 'max' }), (finishAbandoned, steps) => {
        const world = new World(finishAbandoned);
        for (const action of steps) {
          world.run(action);
          world.check();
        }
        world.cache.close();
        world.check();
        expect(world.cache.stats()).toMatchObject({ inFlight: 0, entries: 0, bytes: 0 });
        expect(world.clock.pendingTimers).toBe(0);
        const unanswered = world.callers.filter(
          ({ consumer, cancelledAfter }) =>
            cancelledAfter === null && !/clip|end|error/.test(consumer.events.at(-1) ?? ''),
        );
        expect(unanswered).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

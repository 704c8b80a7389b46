import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { mediaLimits, speechLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import type { StreamResampler } from './clip-encoder.js';
import { SpeechError } from './errors.js';
import { SynthesisCache, type SynthesisCacheOptions } from './synthesis-cache.js';
import {
  ManualSynthesizer,
  RecordingConsumer,
  plainEncode,
  speechRequest,
} from './testing/manual-synthesizer.js';

const hourMs = 3_600_000;

/** Halves the rate by dropping every other sample, with one sample of delay as a real filter has. */
function halfRate(): StreamResampler {
  let held: number[] = [];
  return {
    process(samples) {
      const all = [...held, ...samples];
      held = all.slice(-1);
      return Int16Array.from(all.slice(0, -1).filter((_, i) => i % 2 === 0));
    },
    flush: () => Int16Array.from(held),
  };
}

function setUp(options: Partial<SynthesisCacheOptions> = {}) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const rates: [number, number][] = [];
  const cache = new SynthesisCache(
    { ttlMs: 72 * hourMs, maxBytes: 100_000, ...options },
    {
      clock,
      logger,
      encode: plainEncode,
      createResampler: (fromHz, toHz) => {
        rates.push([fromHz, toHz]);
        return halfRate();
      },
    },
  );
  const engine = new ManualSynthesizer();
  const get = (changes: Parameters<typeof speechRequest>[0] = {}, consumer = new RecordingConsumer()) => {
    const subscription = cache.get(engine, speechRequest(changes), 'PCMU', consumer);
    return { consumer, subscription };
  };
  /** Fills the cache with one prompt of `length` samples. */
  const fill = (text: string, length = 4) => {
    const { consumer } = get({ text });
    const { listener } = engine.call();
    listener.onAudio(new Int16Array(length).fill(7));
    listener.onEnd();
    return consumer;
  };
  return { clock, logger, cache, engine, get, fill, rates };
}

describe('a miss', () => {
  it('streams chunks as they come and stores the whole', () => {
    const { cache, engine, get } = setUp();
    const { consumer } = get();
    const { listener } = engine.call();
    listener.onAudio(Int16Array.of(1, 2));
    expect(consumer.bytes).toEqual([1, 2]);
    listener.onMark('m', 0.25);
    listener.onAudio(Int16Array.of(3));
    listener.onEnd();
    expect(consumer.events).toEqual(['chunk', 'chunk', 'chunk', 'end']);
    const hit = get().consumer;
    expect(hit.events).toEqual(['clip']);
    expect(hit.clip).toMatchObject({
      encoding: 'PCMU',
      sampleRateHz: 8_000,
      marks: [{ name: 'm', offsetMs: 0.25 }],
    });
    expect(hit.bytes).toEqual([1, 2, 3]);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, joined: 0, entries: 1, inFlight: 0 });
  });

  it('shares one call of the engine among all who ask meanwhile, late ones from the start', () => {
    const { cache, engine, get } = setUp();
    const first = get().consumer;
    engine.call().listener.onAudio(Int16Array.of(1, 2));
    const late = get().consumer;
    expect(late.bytes).toEqual([1, 2]);
    engine.call().listener.onAudio(Int16Array.of(3));
    engine.call().listener.onEnd();
    expect(engine.calls).toHaveLength(1);
    expect(late.bytes).toEqual(first.bytes);
    expect(late.events.at(-1)).toBe('end');
    expect(cache.stats()).toMatchObject({ misses: 1, joined: 1 });
  });

  it('joins from inside a chunk call-back without hearing anything twice', () => {
    const { cache, engine } = setUp();
    const inner = new RecordingConsumer();
    const outer = new RecordingConsumer();
    const chunk = outer.onChunk.bind(outer);
    outer.onChunk = (bytes, marks) => {
      chunk(bytes, marks);
      if (outer.events.length === 1) cache.get(engine, speechRequest(), 'PCMU', inner);
    };
    cache.get(engine, speechRequest(), 'PCMU', outer);
    engine.call().listener.onAudio(Int16Array.of(1));
    engine.call().listener.onAudio(Int16Array.of(2));
    expect(inner.bytes).toEqual([1, 2]);
  });

  it('finds the stored prompt when asked again from inside onEnd', () => {
    const { cache, engine, get } = setUp();
    const again = new RecordingConsumer();
    const consumer = new RecordingConsumer();
    consumer.onEnd = () => void cache.get(engine, speechRequest(), 'PCMU', again);
    get({}, consumer);
    engine.call().listener.onAudio(Int16Array.of(1));
    engine.call().listener.onEnd();
    expect(again.events).toEqual(['clip']);
  });

  it('keeps what is spoken apart from what the caller later does to its request', () => {
    const { cache, engine } = setUp();
    const extras: Record<string, string> = { style: 'calm' };
    cache.get(engine, speechRequest({ extras }), 'PCMU', new RecordingConsumer());
    extras['style'] = 'angry';
    expect(engine.call().request.extras).toEqual({ style: 'calm' });
  });
});

describe('rates and encodings', () => {
  it('asks the engine for the nearest rate it has and resamples to the wire, tail included', () => {
    const { cache, rates } = setUp();
    const engine = new ManualSynthesizer({ sampleRatesHz: [16_000, 48_000] });
    const consumer = new RecordingConsumer();
    cache.get(engine, speechRequest(), 'L16', consumer);
    expect(engine.call().request.sampleRateHz).toBe(16_000);
    expect(rates).toEqual([[16_000, 8_000]]);
    engine.call().listener.onAudio(Int16Array.of(0x102, 0, 0x304, 0, 0x506));
    engine.call().listener.onEnd();
    expect(consumer.bytes).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('keeps the encodings of one text apart', () => {
    const { cache, engine, fill } = setUp();
    fill('hello');
    cache.get(engine, speechRequest(), 'PCMA', new RecordingConsumer());
    expect(engine.calls).toHaveLength(2);
  });

  it('puts marks in order and none after the end of the clip', () => {
    const { engine, get } = setUp();
    get();
    const { listener } = engine.call();
    listener.onMark('late', 9_999);
    listener.onMark('bad', NaN);
    listener.onMark('early', 0);
    listener.onAudio(new Int16Array(8));
    listener.onEnd();
    expect(get().consumer.clip?.marks).toEqual([
      { name: 'early', offsetMs: 0 },
      { name: 'late', offsetMs: 1 },
    ]);
  });
});

describe('failures are told and never stored', () => {
  const boom = new SpeechError('unavailable', 'gone');
  it.each<[string, (context: ReturnType<typeof setUp>) => void, string]>([
    ['an error of the engine', ({ engine }) => engine.call().listener.onError(boom), 'unavailable'],
    ['an end without audio', ({ engine }) => engine.call().listener.onEnd(), 'internal'],
    [
      'a prompt that is not complete in time',
      ({ clock }) => clock.advance(speechLimits.synthesisMs),
      'timeout',
    ],
    [
      'a prompt that is too long',
      ({ engine }) => engine.call().listener.onAudio(new Int16Array(mediaLimits.promptMs * 8 + 1)),
      'bad-input',
    ],
    ['a closed cache', ({ cache }) => cache.close(), 'unavailable'],
  ])('%s', (_, act, code) => {
    const context = setUp();
    const consumer = new RecordingConsumer();
    const errors: string[] = [];
    consumer.onChunk = () => undefined;
    consumer.onError = (error) => errors.push(error.code);
    context.get({}, consumer);
    const follower = context.get().consumer;
    if (code !== 'internal' && code !== 'bad-input') context.engine.call().listener.onAudio(Int16Array.of(1));
    act(context);
    expect(errors).toEqual([code]);
    expect(follower.events.at(-1)).toBe(`error:${code}`);
    expect(context.engine.call().signal.aborted).toBe(true);
    expect(context.cache.stats()).toMatchObject({ failures: 1, entries: 0, inFlight: 0 });
    const { listener } = context.engine.call();
    listener.onAudio(Int16Array.of(1));
    listener.onEnd();
    expect(context.cache.stats().entries).toBe(0);
    expect(errors).toHaveLength(1);
    expect(context.clock.pendingTimers).toBe(0);
  });

  it('an engine that throws', () => {
    const { cache, engine, get } = setUp();
    engine.speak = () => {
      throw new TypeError('bug');
    };
    expect(get().consumer.error).toMatchObject({ code: 'internal', retryable: true });
    expect(cache.stats()).toMatchObject({ inFlight: 0, entries: 0 });
  });

  it('lets a retry from inside onError start afresh', () => {
    const { cache, engine, get } = setUp();
    const retry = new RecordingConsumer();
    const consumer = new RecordingConsumer();
    consumer.onError = () => void cache.get(engine, speechRequest(), 'PCMU', retry);
    get({}, consumer);
    engine.call().listener.onError(boom);
    expect(engine.calls).toHaveLength(2);
    engine.call().listener.onAudio(Int16Array.of(5));
    engine.call().listener.onEnd();
    expect(retry.bytes).toEqual([5]);
  });

  it.each<[string, Parameters<typeof speechRequest>[0], string]>([
    ['no text', { text: ' \n' }, 'text'],
    ['too much text', { text: 'x'.repeat(speechLimits.synthesisTextCharacters + 1) }, 'characters'],
    ['speed 0', { speed: 0 }, 'speed'],
    ['speed NaN', { speed: NaN }, 'speed'],
    ['pitch 9', { pitch: 9 }, 'pitch'],
    ['volume -1', { volume: -1 }, 'volume'],
    ['a rate of 1 Hz', { sampleRateHz: 1 }, 'sampleRateHz'],
    ['SSML for an engine without', { format: 'ssml' }, 'SSML'],
  ])('a request with %s, refused at once with the field named', (_, changes, word) => {
    const { engine, get } = setUp();
    const { consumer } = get(changes);
    expect(consumer.error?.message).toContain(word);
    expect(engine.calls).toHaveLength(0);
  });
});

describe('leaving', () => {
  it('does not disturb the others, and hears nothing more', () => {
    const { engine, get } = setUp();
    const leaver = get();
    const stayer = get().consumer;
    engine.call().listener.onAudio(Int16Array.of(1));
    leaver.subscription.cancel();
    leaver.subscription.cancel();
    engine.call().listener.onAudio(Int16Array.of(2));
    engine.call().listener.onEnd();
    expect(leaver.consumer.events).toEqual(['chunk']);
    expect(stayer.bytes).toEqual([1, 2]);
  });

  it('takes effect even when another consumer asks for it during the same call-back', () => {
    const { cache, engine, get } = setUp();
    const first = get().consumer;
    engine.call().listener.onAudio(Int16Array.of(1));
    engine.call().listener.onAudio(Int16Array.of(2));
    const late = new RecordingConsumer();
    first.onEnd = () => subscription.cancel();
    const subscription = cache.get(engine, speechRequest(), 'PCMU', late);
    engine.call().listener.onAudio(Int16Array.of(3));
    engine.call().listener.onEnd();
    expect(late.events).toEqual(['chunk', 'chunk', 'chunk']);
  });

  it('by the last one lets the synthesis fill the cache', () => {
    const { engine, get } = setUp();
    get().subscription.cancel();
    expect(engine.call().signal.aborted).toBe(false);
    engine.call().listener.onAudio(Int16Array.of(1));
    engine.call().listener.onEnd();
    expect(get().consumer.events).toEqual(['clip']);
  });

  it('by the last one aborts the synthesis when finishAbandoned is off', () => {
    const { cache, clock, engine, get } = setUp({ finishAbandoned: false });
    get().subscription.cancel();
    expect(engine.call().signal.aborted).toBe(true);
    expect(cache.stats()).toMatchObject({ inFlight: 0, failures: 0, entries: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('aborts once more abandoned syntheses than the bound would run on', () => {
    const { engine, get } = setUp({ maxConcurrentSyntheses: 1_000 });
    for (let i = 0; i <= speechLimits.abandonedSyntheses; i++) get({ text: `t${i}` }).subscription.cancel();
    expect(engine.calls.filter(({ signal }) => signal.aborted)).toHaveLength(1);
    expect(engine.call().signal.aborted).toBe(true);
  });

  it('drops a synthesis that had not started without a call of the engine', () => {
    const { cache, engine, get } = setUp({ maxConcurrentSyntheses: 1 });
    get({ text: 'a' });
    get({ text: 'b' }).subscription.cancel();
    engine.call().listener.onError(new SpeechError('internal', 'x'));
    expect(engine.calls).toHaveLength(1);
    expect(cache.stats().inFlight).toBe(0);
  });

  it('is what a consumer that throws does, and it is logged', () => {
    const { engine, get, logger } = setUp();
    const bad = new RecordingConsumer();
    bad.onChunk = () => {
      throw new Error('consumer bug');
    };
    get({}, bad);
    const good = get().consumer;
    engine.call().listener.onAudio(Int16Array.of(1));
    engine.call().listener.onEnd();
    expect(good.events).toEqual(['chunk', 'end']);
    expect(bad.events).toEqual([]);
    expect(logger.lines).toHaveLength(1);
  });
});

describe('places at an engine', () => {
  it('are bounded; callers go before warming', async () => {
    const { cache, engine, get } = setUp({ maxConcurrentSyntheses: 1 });
    get({ text: 'first' });
    const warmed = cache.warm(engine, speechRequest({ text: 'warm' }), 'PCMU');
    get({ text: 'caller' });
    expect(engine.calls).toHaveLength(1);
    const finish = () => {
      engine.call().listener.onAudio(Int16Array.of(1));
      engine.call().listener.onEnd();
    };
    finish();
    expect(engine.call().request.text).toBe('caller');
    finish();
    expect(engine.call().request.text).toBe('warm');
    finish();
    expect(await warmed).toBe(true);
    expect(cache.stats().entries).toBe(3);
  });

  it('of one engine do not hold up another', () => {
    const { cache, get } = setUp({ maxConcurrentSyntheses: 1 });
    get();
    const other = new ManualSynthesizer({ name: 'other' });
    cache.get(other, speechRequest(), 'PCMU', new RecordingConsumer());
    expect(other.calls).toHaveLength(1);
  });

  it('run out with a capacity error', () => {
    const { cache, clock, get } = setUp({ maxConcurrentSyntheses: 1 });
    for (let i = 0; i <= speechLimits.waitingSyntheses; i++) get({ text: `t${i}` });
    expect(get({ text: 'one too many' }).consumer.error).toMatchObject({ code: 'capacity', retryable: true });
    cache.close();
    expect(cache.stats().inFlight).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('wait no longer than a synthesis may take', () => {
    const { clock, get } = setUp({ maxConcurrentSyntheses: 1 });
    get({ text: 'a' });
    const waiting = get({ text: 'b' }).consumer;
    clock.advance(speechLimits.synthesisMs);
    expect(waiting.error?.code).toBe('timeout');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('bounds of what is stored', () => {
  it('expires by the time since it was stored, however often it is used', () => {
    const { cache, clock, engine, fill, get } = setUp();
    fill('hello');
    clock.advance(71 * hourMs);
    expect(get().consumer.events).toEqual(['clip']);
    clock.advance(hourMs);
    expect(get().consumer.events).toEqual([]);
    expect(engine.calls).toHaveLength(2);
    expect(cache.stats()).toMatchObject({ expirations: 1, entries: 0 });
  });

  it('sweeps what nobody asks for, and then keeps no timer', () => {
    const { cache, clock, fill } = setUp();
    fill('a');
    clock.advance(73 * hourMs);
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, expirations: 1 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('evicts the least recently used when the bytes run out', () => {
    const { cache, fill, get } = setUp({ maxBytes: 5_000 });
    fill('a', 1_000);
    fill('b', 1_000);
    get({ text: 'a' });
    fill('c', 1_000);
    expect(cache.stats()).toMatchObject({ entries: 2, evictions: 1 });
    expect(cache.stats().bytes).toBeLessThanOrEqual(5_000);
    expect(get({ text: 'a' }).consumer.events).toEqual(['clip']);
    expect(get({ text: 'b' }).consumer.events).toEqual([]);
  });

  it('does not keep a prompt larger than the bound, but speaks it', () => {
    const { cache, fill } = setUp({ maxBytes: 5_000 });
    fill('a', 100);
    expect(fill('long', 6_000).events).toEqual(['chunk', 'end']);
    expect(cache.stats()).toMatchObject({ entries: 1, evictions: 0 });
  });

  it('leaves a clip that somebody plays as it is, evicted, expired, replaced or closed', () => {
    const { cache, clock, fill, get } = setUp({ maxBytes: 2_500 });
    fill('a', 1_000);
    const { clip } = get({ text: 'a' }).consumer;
    fill('b', 1_000);
    clock.advance(100 * hourMs);
    fill('a', 900);
    cache.close();
    expect(clip?.bytes).toHaveLength(1_000);
    expect(clip?.bytes.every((octet) => octet === 7)).toBe(true);
  });

  it('clear forgets everything that is stored', () => {
    const { cache, clock, fill, get } = setUp();
    fill('a');
    cache.clear();
    expect(get({ text: 'a' }).consumer.events).toEqual([]);
    cache.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('warm', () => {
  it('is false when the prompt cannot be made, with a line in the log', async () => {
    const { cache, engine, logger } = setUp();
    const warmed = cache.warm(engine, speechRequest(), 'PCMU');
    engine.call().listener.onError(new SpeechError('rejected', 'quota'));
    expect(await warmed).toBe(false);
    expect(logger.lines[0]?.message).toBe('prompt not warmed');
  });

  it('is true at once for a prompt that is there', async () => {
    const { cache, engine, fill } = setUp();
    fill('hello');
    expect(await cache.warm(engine, speechRequest(), 'PCMU')).toBe(true);
    expect(engine.calls).toHaveLength(1);
  });
});

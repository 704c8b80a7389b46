import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SpeechError } from './errors.js';
import { selectEngines, speakWithFallback } from './fallback.js';
import { SynthesisCache } from './synthesis-cache.js';
import { coversLanguage, nearestRate } from './synthesis-request.js';
import {
  ManualSynthesizer,
  RecordingConsumer,
  plainEncode,
  speechRequest,
} from './testing/manual-synthesizer.js';

const gone = new SpeechError('unavailable', 'gone');

function setUp() {
  const logger = new MemoryLogger();
  const cache = new SynthesisCache(
    { ttlMs: 1_000, maxBytes: 10_000 },
    {
      clock: new FakeClock(),
      logger,
      encode: plainEncode,
      createResampler: () => {
        throw new Error('no resampling here');
      },
    },
  );
  const first = new ManualSynthesizer({ name: 'first' });
  const second = new ManualSynthesizer({ name: 'second', voices: ['bea'] });
  const french = new ManualSynthesizer({ name: 'french', languages: ['fr-FR'] });
  const deps = { cache, engines: [french, first, second], logger };
  const speak = (consumer = new RecordingConsumer()) => {
    const subscription = speakWithFallback(deps, speechRequest(), 'PCMU', consumer);
    return { consumer, subscription };
  };
  return { cache, deps, first, second, french, logger, speak };
}

describe('speakWithFallback', () => {
  it('uses the first engine that speaks the language', () => {
    const { first, second, french, speak } = setUp();
    speak();
    expect([french.calls.length, first.calls.length, second.calls.length]).toEqual([0, 1, 0]);
  });

  it('goes on to the next engine, in its own default voice, after a retryable error before any audio', () => {
    const { first, second, logger, speak } = setUp();
    const { consumer } = speak();
    first.call().listener.onError(gone);
    expect(second.call().request.voice).toBe('');
    second.call().listener.onAudio(Int16Array.of(2));
    second.call().listener.onEnd();
    expect(consumer.events).toEqual(['chunk', 'end']);
    expect(logger.lines[0]?.fields).toMatchObject({ engine: 'first', code: 'unavailable' });
  });

  it('never stores the voice of one engine under the key of another', () => {
    const { cache, first, second, speak } = setUp();
    speak();
    first.call().listener.onError(gone);
    second.call().listener.onAudio(Int16Array.of(2));
    second.call().listener.onEnd();
    const again = speak().consumer;
    expect(again.events).toEqual([]);
    first.call().listener.onAudio(Int16Array.of(1));
    first.call().listener.onEnd();
    expect(again.bytes).toEqual([1]);
    expect(speak().consumer.bytes).toEqual([1]);
    expect(cache.stats().entries).toBe(2);
  });

  it('tells the consumer after the first audio instead of changing the voice', () => {
    const { first, second, speak } = setUp();
    const { consumer } = speak();
    first.call().listener.onAudio(Int16Array.of(1));
    first.call().listener.onError(gone);
    expect(consumer.events).toEqual(['chunk', 'error:unavailable']);
    expect(second.calls).toHaveLength(0);
  });

  it.each([
    ['an error that would be the same elsewhere', new SpeechError('bad-input', 'x'), 0],
    ['the last engine failing', gone, 1],
  ])('tells the consumer of %s', (_, error, others) => {
    const { first, second, speak } = setUp();
    const { consumer } = speak();
    first.call().listener.onError(error);
    if (others) second.call().listener.onError(error);
    expect(consumer.events).toEqual([`error:${error.code}`]);
    expect(second.calls).toHaveLength(others);
  });

  it('can be cancelled while the second engine speaks', () => {
    const { first, second, speak } = setUp();
    const { consumer, subscription } = speak();
    first.call().listener.onError(gone);
    subscription.cancel();
    second.call().listener.onAudio(Int16Array.of(2));
    expect(consumer.events).toEqual([]);
  });

  it('can be cancelled after an engine that refused from inside speak', () => {
    const { first, second, speak } = setUp();
    first.speak = (_request, listener) => listener.onError(gone);
    const { consumer, subscription } = speak();
    subscription.cancel();
    second.call().listener.onAudio(Int16Array.of(2));
    expect(consumer.events).toEqual([]);
  });

  it('says so when nobody speaks the language', () => {
    const { deps } = setUp();
    const consumer = new RecordingConsumer();
    speakWithFallback(deps, speechRequest({ language: 'zh-CN' }), 'PCMU', consumer).cancel();
    expect(consumer.error?.message).toBe('no synthesizer speaks zh-CN');
  });
});

describe('selectEngines', () => {
  it('leaves out engines that would read SSML aloud', () => {
    const plain = new ManualSynthesizer();
    const ssml = new ManualSynthesizer({ ssml: true });
    expect(selectEngines([plain, ssml], speechRequest({ format: 'ssml' }))).toEqual([ssml]);
  });
});

it.each([
  [['*'], 'xx', true],
  [['en'], 'en-US', true],
  [['en-GB'], 'EN-us', true],
  [['zh-CN'], 'zh_TW', true],
  [['en'], 'enm', false],
  [[], 'en', false],
])('coversLanguage(%j, %s) is %j', (languages, tag, covered) => {
  expect(coversLanguage(languages, tag)).toBe(covered);
});

it.each([
  [[8_000, 16_000], 8_000, 8_000],
  [[48_000, 16_000], 8_000, 16_000],
  [[8_000], 16_000, 8_000],
  [[22_050], 8_000, 22_050],
])('nearestRate(%j, %i) is %i', (rates, wanted, rate) => {
  expect(nearestRate(rates, wanted)).toBe(rate);
});

import { describe, expect, test } from 'vitest';

import { ScriptedSynthesizer } from '../../adapters/fake/scripted-synthesizer.js';
import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { Resampler } from '../../media/codec/resampler.js';
import { encodeWire } from '../../media/codec/wire-codec.js';
import { bytesPerSample } from '../../media/speech/audio-clip.js';
import { SpeechError } from '../../media/speech/errors.js';
import { SynthesisCache } from '../../media/speech/synthesis-cache.js';
import { PromptSpeaker, type SpeakOptions } from './prompt-speaker.js';
import { FakeStream } from './testing/fake-media.js';

const format = { encoding: 'PCMU', sampleRateHz: 8_000 } as const;
/** 50 ms a character: 2,000 octets of PCMU. */
const hello: SpeakOptions = { text: 'hello', language: 'en-US' };

function fixture(names: readonly string[] = ['first']) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const cache = new SynthesisCache(
    { ttlMs: 1_000_000, maxBytes: 1_000_000 },
    {
      clock,
      logger,
      encode: (samples, encoding, out, offset) => {
        encodeWire(encoding, samples, out, offset);
        return samples.length * bytesPerSample(encoding);
      },
      createResampler: (fromHz, toHz) => new Resampler(fromHz, toHz),
    },
  );
  const engines = names.map(
    (name) =>
      new ScriptedSynthesizer({
        clock,
        firstChunkMs: 10,
        chunkIntervalMs: 50,
        capabilities: { name, languages: ['en-US'] },
      }),
  );
  const speaker = new PromptSpeaker(engines, { cache, logger });
  const stream = new FakeStream();
  const events: string[] = [];
  const speak = (options: SpeakOptions = hello) =>
    speaker.speak(stream, format, options, {
      onStarted: (atMs) => events.push(`started ${atMs}`),
      onEnded: (reason, playedMs, error) =>
        events.push(`${reason} ${playedMs} ${error ? error.code : 'without error'}`),
    });
  return { cache, clock, engines, events, logger, speak, speaker, stream };
}

describe('a prompt that is not in the cache', () => {
  test('keeps its place in the stream’s queue while it is made', () => {
    const { clock, speak, stream } = fixture();
    speak();
    speak({ ...hello, text: 'bye' });
    expect(stream.plays.map(({ clip }) => clip)).toEqual([null, null]);
    clock.advance(1_000);
    expect(stream.plays.map(({ calls }) => calls)).toEqual([
      ['append 800', 'append 800', 'append 400', 'finish'],
      ['append 800', 'append 400', 'finish'],
    ]);
  });

  test('is told as started and ended once, with what was played', () => {
    const { clock, events, speak, stream } = fixture();
    speak();
    clock.advance(1_000);
    expect(events).toEqual([]);
    stream.lastPlay.listener.onStarted(42);
    stream.lastPlay.listener.onEnded('done', 250);
    stream.lastPlay.listener.onEnded('closed', 0);
    expect(events).toEqual(['started 42', 'done 250 without error']);
  });

  test('that fails is dropped from the stream, and its end carries the error', () => {
    const { clock, engines, events, speak, stream } = fixture();
    engines[0]?.failNext(new SpeechError('rejected', 'no credit'), 1);
    speak();
    clock.advance(1_000);
    expect(stream.lastPlay.calls).toEqual(['append 800', 'finish failed']);
    expect(events).toEqual([]);
    stream.lastPlay.listener.onEnded('failed', 100);
    expect(events).toEqual(['failed 100 rejected']);
  });

  test('in a language nobody speaks ends as unsupported, through the stream', () => {
    const { events, speak, stream } = fixture();
    speak({ ...hello, language: 'zh-CN' });
    expect([stream.lastPlay.calls, events]).toEqual([['finish failed'], []]);
    stream.lastPlay.listener.onEnded('failed', 0);
    expect(events).toEqual(['failed 0 unsupported']);
  });

  test('that ends before it is complete gives its subscription back', () => {
    const { cache, clock, engines, speak, stream } = fixture();
    speak();
    clock.advance(10);
    stream.lastPlay.listener.onEnded('barge-in', 20);
    clock.advance(1_000);
    expect(stream.lastPlay.calls).toEqual(['append 800']);
    cache.close();
    expect([engines[0]?.running, clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe('a prompt that is in the cache', () => {
  test('plays as one clip, made once', async () => {
    const { clock, engines, speak, speaker, stream } = fixture();
    const warmed = speaker.warm(hello, format);
    clock.advance(1_000);
    expect(await warmed).toBe(true);
    speak();
    expect(stream.plays.map(({ clip }) => clip?.bytes.length)).toEqual([2_000]);
    expect([stream.lastPlay.calls, engines[0]?.requests.length]).toEqual([[], 1]);
  });

  test('cannot be warmed in a language nobody speaks', async () => {
    expect(await fixture().speaker.warm({ ...hello, language: 'zh-CN' }, format)).toBe(false);
  });
});

describe('fallback', () => {
  test('an engine that fails before its first audio is replaced by the next', () => {
    const { clock, engines, speak, stream } = fixture(['first', 'second']);
    engines[0]?.failNext(new SpeechError('timeout', 'no audio'));
    speak();
    clock.advance(1_000);
    expect(stream.plays).toHaveLength(1);
    expect(stream.lastPlay.calls.at(-1)).toBe('finish');
    expect(engines[1]?.requests.map(({ text }) => text)).toEqual(['hello']);
  });

  test('the next engine’s cached prompt fills the place that was kept, so that the queue goes on', () => {
    const { clock, engines, speak, stream } = fixture(['first', 'second']);
    for (let i = 0; i < 2; i++) {
      engines[0]?.failNext(new SpeechError('timeout', 'no audio'));
      speak();
      clock.advance(1_000);
    }
    expect(engines[1]?.requests).toHaveLength(1);
    expect(stream.plays).toHaveLength(2);
    expect(stream.lastPlay.calls).toEqual(['append 2000', 'finish']);
  });
});

test('pause, resume and stop go to the stream', () => {
  const { speak, stream } = fixture();
  const speaking = speak();
  speaking.pause();
  speaking.resume();
  speaking.stop();
  expect(stream.lastPlay.calls).toEqual(['pause', 'resume', 'stop']);
});

test('what a prompt leaves out is the tier’s: voice, speed, pitch and volume', () => {
  const { clock, engines, speak } = fixture();
  speak();
  speak({ ...hello, voice: 'two', speed: 2, pitch: 0.5, volume: 3 });
  clock.advance(1_000);
  expect(engines[0]?.requests).toMatchObject([
    { voice: '', speed: 1, pitch: 1, volume: 1, format: 'text', extras: {} },
    { voice: 'two', speed: 2, pitch: 0.5, volume: 3 },
  ]);
});

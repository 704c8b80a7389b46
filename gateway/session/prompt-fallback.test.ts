import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SpeechError } from '../../media/speech/errors.js';
import { SynthesisCache } from '../../media/speech/synthesis-cache.js';
import { ManualSynthesizer, plainEncode } from '../../media/speech/testing/manual-synthesizer.js';
import { HostStream } from '../../media/worker/host-stream.js';
import type { StreamCommand } from '../../media/worker/protocol.js';
import { PromptSpeaker } from './prompt-speaker.js';

const format = { encoding: 'PCMU', sampleRateHz: 8_000 } as const;
const options = { text: 'Good morning.', language: 'en-US' };

function setUp() {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const createResampler = (): never => {
    throw new Error('no resampling here');
  };
  const cache = new SynthesisCache(
    { ttlMs: 1_000, maxBytes: 10_000 },
    { clock, logger, encode: plainEncode, createResampler },
  );
  const failing = new ManualSynthesizer({ name: 'failing' });
  const sound = new ManualSynthesizer({ name: 'sound' });
  const posted: StreamCommand[] = [];
  const stream = new HostStream(1, 30_000, () => undefined, {
    post: (command) => posted.push(command),
    requestClose: () => Promise.reject(new Error('not closed here')),
    toClockMs: (absoluteMs) => absoluteMs,
    onFault: () => undefined,
    onGone: () => undefined,
  });
  const deps = { cache, logger };
  const speak = (engines: readonly ManualSynthesizer[]) => {
    const ends: string[] = [];
    new PromptSpeaker(engines, deps).speak(stream, format, options, {
      onStarted: () => undefined,
      onEnded: (reason) => ends.push(reason),
    });
    return ends;
  };
  return { failing, sound, posted, stream, speak };
}

describe('PromptSpeaker with an engine that fails', () => {
  it('fills the place it took in the queue with the prompt that the fallback has in the cache', () => {
    const { failing, sound, posted, stream, speak } = setUp();
    speak([sound]);
    sound.call().listener.onAudio(Int16Array.of(1, 2, 3));
    sound.call().listener.onEnd();
    posted.length = 0;

    const ends = speak([failing, sound]);
    failing.call().listener.onError(new SpeechError('unavailable', 'gone'));

    // A second play behind an empty first one would never be heard: the first keeps the stream silent for ever.
    expect(posted.map(({ type }) => type)).toEqual(['play', 'append', 'finish']);
    const [place, audio, end] = posted;
    if (place?.type !== 'play' || audio?.type !== 'append' || end?.type !== 'finish')
      throw new Error('order');
    expect(place.clip).toBeNull();
    expect([...audio.bytes]).toEqual([1, 2, 3]);
    expect([audio.play, end.play, end.ok]).toEqual([place.play, place.play, true]);

    stream.handle({ type: 'play-ended', stream: 1, play: place.play, reason: 'done', playedMs: 1 });
    expect(ends).toEqual(['done']);
  });
});

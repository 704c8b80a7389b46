import { expect, it } from 'vitest';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { clipDurationMs, type AudioClip } from '../../media/speech/audio-clip.js';
import { SynthesisCache } from '../../media/speech/synthesis-cache.js';
import type { ClipConsumer } from '../../media/speech/synthesis-flight.js';
import type { SynthesisRequest } from '../../media/speech/synthesizer.js';
import { FliteSynthesizer } from './synthesizer.js';

const request: SynthesisRequest = {
  text: 'Your order is on its way. It arrives tomorrow.',
  format: 'text',
  language: 'en-US',
  voice: 'slt',
  speed: 1,
  pitch: 1,
  volume: 1,
  sampleRateHz: 8_000,
  extras: {},
};

it('fifty calls that want one prompt cost one synthesis, and a hit is what the first one heard', async () => {
  const clock = new SystemClock();
  const engine = new FliteSynthesizer({ clock });
  const cache = new SynthesisCache(
    { ttlMs: 60_000, maxBytes: 1_000_000 },
    {
      clock,
      logger: new MemoryLogger(),
      encode: (samples, _encoding, out, offset) => {
        samples.forEach((sample, i) => (out[offset + i] = sample >> 8));
        return samples.length;
      },
      createResampler: (fromHz, toHz) => ({
        process: (samples) => samples.filter((_, i) => i % (fromHz / toHz) === 0),
        flush: () => new Int16Array(0),
      }),
    },
  );
  const listen = () =>
    new Promise<number[]>((resolve, reject) => {
      const heard: number[] = [];
      const consumer: ClipConsumer = {
        onClip: () => reject(new Error('nothing is stored yet')),
        onChunk: (bytes) => heard.push(...bytes),
        onEnd: () => resolve(heard),
        onError: reject,
      };
      cache.get(engine, request, 'PCMU', consumer);
    });
  const heard = await Promise.all(Array.from({ length: 50 }, listen));
  expect(cache.stats()).toMatchObject({ misses: 1, joined: 49, entries: 1, inFlight: 0 });
  const clip = await new Promise<AudioClip>((resolve, reject) => {
    const unexpected = () => reject(new Error('the prompt is stored'));
    const consumer = { onClip: resolve, onChunk: unexpected, onEnd: unexpected, onError: reject };
    cache.get(engine, request, 'PCMU', consumer);
  });
  for (const one of heard) expect(Buffer.from(one).equals(clip.bytes)).toBe(true);
  expect(clipDurationMs(clip)).toBeGreaterThan(2_000);
  cache.close();
  await engine.close();
});

import { describe, expect, it } from 'vitest';
import { FakeClock, SystemClock } from '../../config/clock.js';
import { speechLimits } from '../../config/limits.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { SynthesisRequest } from '../../media/speech/synthesizer.js';
import type { SynthesizerFixture } from '../conformance/synthesizer-rules.js';
import { describeSynthesizer } from '../conformance/synthesizer-suite.js';
import { FliteSynthesizer, type FliteOptions } from './synthesizer.js';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function createFixture(band: FliteOptions['band'] & string): SynthesizerFixture {
  const synthesizer = new FliteSynthesizer({ clock: new SystemClock(), band });
  const request: SynthesisRequest = {
    text: 'Hello. How can I help you today?',
    format: 'text',
    language: 'en-US',
    voice: '',
    speed: 1,
    pitch: 1,
    volume: 1,
    sampleRateHz: band === 'wideband' ? 16_000 : 8_000,
    extras: {},
  };
  return {
    synthesizer,
    request,
    otherText: 'Goodbye.',
    unsupported: { ...request, language: 'zh-CN' },
    deterministic: true,
    capacity: speechLimits.synthesizerQueue,
    patienceMs: 20_000,
    quietMs: 400,
    wait: sleep,
    close: async () => {
      await synthesizer.close();
      expect(synthesizer.running).toBe(0);
    },
  };
}

describeSynthesizer('flite (slt)', () => createFixture('wideband'));
describeSynthesizer('flite (kal)', () => createFixture('narrowband'));

describe('FliteSynthesizer', () => {
  function speak(
    synthesizer: FliteSynthesizer,
    changes: Partial<SynthesisRequest> = {},
  ): Promise<Int16Array[]> {
    const { request } = createFixture('wideband');
    const chunks: Int16Array[] = [];
    return new Promise((resolve, reject) => {
      const listener = {
        onAudio: (samples: Int16Array) => chunks.push(samples.slice()),
        onMark: () => undefined,
        onEnd: () => resolve(chunks),
        onError: reject,
      };
      synthesizer.speak({ ...request, ...changes }, listener, new AbortController().signal);
    });
  }

  it('speaks sentence by sentence, so that the first audio comes early', async () => {
    const synthesizer = new FliteSynthesizer({ clock: new SystemClock() });
    await synthesizer.warmUp();
    expect(await speak(synthesizer, { text: 'One. Two. Three.' })).toHaveLength(3);
    await synthesizer.close();
  });

  it('begins and ends with its sound, and a text of no words ends as well', async () => {
    const synthesizer = new FliteSynthesizer({ clock: new SystemClock() });
    const chunks = await speak(synthesizer, { text: 'Hello there. Goodbye.' });
    const loudest = (samples: Int16Array = new Int16Array(0)) =>
      samples.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(loudest(chunks[0]?.subarray(0, 20 * 16))).toBeGreaterThan(70);
    expect(loudest(chunks.at(-1)?.subarray(-80 * 16))).toBeGreaterThan(70);
    const silent = await speak(synthesizer, { text: '...' });
    expect(silent.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(60 * 16);
    await synthesizer.close();
  });

  it('follows pitch and volume', async () => {
    const synthesizer = new FliteSynthesizer({ clock: new SystemClock() });
    const peak = (chunks: Int16Array[]) =>
      Math.max(...chunks.map((chunk) => chunk.reduce((a, b) => Math.max(a, b), 0)));
    const [plain, quiet, high] = [
      await speak(synthesizer),
      await speak(synthesizer, { volume: 0.25 }),
      await speak(synthesizer, { pitch: 1.5 }),
    ];
    expect(peak(quiet) / peak(plain)).toBeCloseTo(0.25, 2);
    expect(high).not.toEqual(plain);
    await synthesizer.close();
  });

  it('fails what runs when its thread dies, and starts another for the next', async () => {
    const dying = new URL(
      'data:text/javascript,' +
        encodeURIComponent(`
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', (m) => {
        if (m.text === 'die') process.exit(3);
        if (m.type === 'speak') parentPort.postMessage({ type: 'end', id: m.id });
      });`),
    );
    const synthesizer = new FliteSynthesizer({ clock: new SystemClock(), script: dying });
    await expect(speak(synthesizer, { text: 'die' })).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    });
    expect(synthesizer.running).toBe(0);
    expect(await speak(synthesizer, { text: 'live' })).toEqual([]);
    await synthesizer.close();
  });

  it('gives up on a thread that says nothing, and leaves no timer', async () => {
    const clock = new FakeClock();
    const mute = new URL('data:text/javascript,setInterval(() => {}, 1000)');
    const synthesizer = new FliteSynthesizer({ clock, script: mute });
    const warm = synthesizer.warmUp();
    const spoken = speak(synthesizer);
    clock.advance(speechLimits.synthesisMs);
    await expect(spoken).rejects.toBeInstanceOf(SpeechError);
    await expect(warm).rejects.toBeInstanceOf(SpeechError);
    expect(clock.pendingTimers).toBe(0);
    await synthesizer.close();
    await expect(synthesizer.warmUp()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

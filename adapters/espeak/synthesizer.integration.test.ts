import { describe, expect, it } from 'vitest';
import { speechLimits } from '../../config/limits.js';
import type { SpeechError } from '../../media/speech/errors.js';
import type { SynthesisRequest } from '../../media/speech/synthesizer.js';
import type { SynthesizerFixture } from '../conformance/synthesizer-rules.js';
import { describeSynthesizer } from '../conformance/synthesizer-suite.js';
import { findEspeak } from './espeak-process.js';
import { requireEspeak } from './testing/require-espeak.js';
import { EspeakSynthesizer } from './synthesizer.js';

const installation = await requireEspeak();

const request: SynthesisRequest = {
  text: 'Hello. How can I help you today?',
  format: 'text',
  language: 'en-US',
  voice: '',
  speed: 1,
  pitch: 1,
  volume: 1,
  sampleRateHz: 22_050,
  extras: {},
};

it('a command that is not there, or is no eSpeak, is not found', async () => {
  expect(await findEspeak('no-such-espeak')).toBeNull();
  expect(await findEspeak('cat')).toBeNull();
});

it('a program that cannot be run is unavailable, and one that speaks no WAV is a fault', async () => {
  for (const [command, code] of [
    ['/no/such/espeak', 'unavailable'],
    ['echo', 'internal'],
    ['false', 'internal'],
  ] as const) {
    const synthesizer = new EspeakSynthesizer({ command, version: '0', languages: new Set(['en-us']) });
    const errors: SpeechError[] = [];
    await new Promise<void>((resolve) => {
      const listener = {
        onAudio: () => undefined,
        onMark: () => undefined,
        onEnd: () => resolve(),
        onError: (error: SpeechError) => {
          errors.push(error);
          resolve();
        },
      };
      synthesizer.speak(request, listener, new AbortController().signal);
    });
    expect(errors.map((error) => error.code)).toEqual([code]);
    await synthesizer.close();
    expect(synthesizer.running).toBe(0);
  }
});

describe('with espeak-ng installed', () => {
  function createFixture(): SynthesizerFixture {
    const synthesizer = new EspeakSynthesizer(installation);
    return {
      synthesizer,
      request,
      otherText: 'Goodbye.',
      unsupported: { ...request, language: 'tlh-x-nothing' },
      deterministic: true,
      capacity: speechLimits.synthesizerProcesses + speechLimits.synthesizerQueue,
      patienceMs: 20_000,
      quietMs: 400,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      close: async () => {
        await synthesizer.close();
        expect(synthesizer.running).toBe(0);
      },
    };
  }

  describeSynthesizer('espeak-ng', createFixture);

  it('speaks Chinese', async () => {
    const { synthesizer } = createFixture();
    let samples = 0;
    await new Promise<void>((resolve, reject) => {
      const listener = {
        onAudio: (audio: Int16Array) => (samples += audio.length),
        onMark: () => undefined,
        onEnd: resolve,
        onError: reject,
      };
      const chinese = { ...request, language: 'zh-CN', text: '您好，请问有什么可以帮您？' };
      synthesizer.speak(chinese, listener, new AbortController().signal);
    });
    expect(samples / 22_050).toBeGreaterThan(1.5);
    await synthesizer.close();
  });
});

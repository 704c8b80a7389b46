import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { RecognizeRequest } from '../../media/speech/recognizer.js';
import type { SynthesisRequest } from '../../media/speech/synthesizer.js';
import { ScriptedRecognizer } from './scripted-recognizer.js';
import { ScriptedSynthesizer, countedSamples, toneSamples } from './scripted-synthesizer.js';

const spoken: SynthesisRequest = {
  text: 'abcd',
  format: 'text',
  language: 'en',
  voice: '',
  speed: 1,
  pitch: 1,
  volume: 1,
  sampleRateHz: 8_000,
  extras: {},
};
const heard: RecognizeRequest = {
  sessionId: 's',
  sampleRateHz: 8_000,
  language: 'en',
  grammars: [],
  hints: [],
  interimResults: true,
  nBest: 1,
};
const { signal } = new AbortController();

describe('ScriptedRecognizer', () => {
  function recognize(recognizer: ScriptedRecognizer, log: string[]) {
    return recognizer.recognize(
      heard,
      {
        onPartial: (text) => log.push(`partial ${text}`),
        onFinal: ({ alternatives }) => log.push(`final ${alternatives[0]?.text ?? 'no match'}`),
        onError: ({ code }) => log.push(`error ${code}`),
        onWarning: (message) => log.push(`warning ${message}`),
      },
      signal,
    );
  }

  it('follows its script: partials with the audio, results and errors after their delay, warnings at once', () => {
    const clock = new FakeClock();
    const recognizer = new ScriptedRecognizer({
      clock,
      script: [
        { text: 'yes', partials: ['y', 'ye', 'yes'], delayMs: 50, warning: 'odd word' },
        { text: '', error: new SpeechError('timeout', 'x') },
        { text: '' },
      ],
    });
    const log: string[] = [];
    const first = recognize(recognizer, log);
    clock.advance(0);
    first.writeFrame({ samples: new Int16Array(1_600), sampleRateHz: 8_000, timestamp: 0 });
    first.stop();
    clock.advance(49);
    expect(log).toEqual(['warning odd word', 'partial y', 'partial ye']);
    clock.advance(1);
    for (let i = 0; i < 3; i++) recognize(recognizer, log).stop();
    clock.advance(0);
    expect(log.slice(3)).toEqual(['final yes', 'error timeout', 'final no match', 'final no match']);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('ScriptedSynthesizer', () => {
  it('fails on command after so many chunks, once', () => {
    const clock = new FakeClock();
    const synthesizer = new ScriptedSynthesizer({ clock });
    const log: string[] = [];
    const listener = {
      onAudio: ({ length }: Int16Array) => log.push(`${length}`),
      onMark: () => undefined,
      onEnd: () => log.push('end'),
      onError: ({ code }: SpeechError) => log.push(code),
    };
    synthesizer.failNext(new SpeechError('unavailable', 'x'), 1);
    synthesizer.speak(spoken, listener, signal);
    clock.advance(0);
    synthesizer.speak(spoken, listener, signal);
    clock.advance(0);
    expect(log).toEqual(['800', 'unavailable', '800', '800', 'end']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('counts samples and plays tones of the right length, pitch and volume', () => {
    expect(countedSamples(spoken).subarray(0, 3)).toEqual(Int16Array.of(0, 1, 2));
    expect(countedSamples({ ...spoken, speed: 2 })).toHaveLength(800);
    const tone = toneSamples({ ...spoken, volume: 0.5 });
    expect(Math.max(...tone)).toBe(4_000);
    expect(tone.filter((sample, i) => sample < 0 !== (tone[i - 1] ?? 0) < 0)).toHaveLength(159);
  });
});

import { expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import type { Recognizer } from '../speech/recognizer.js';
import type { ListenRequest } from '../worker/media-host.js';
import { ListenOperation } from './listen-operation.js';

const request: ListenRequest = {
  recognizer: 'r',
  recognition: {
    sessionId: 's',
    sampleRateHz: 16_000,
    language: 'en',
    grammars: [],
    hints: [],
    interimResults: false,
    nBest: 1,
  },
  dtmf: null,
  noInputTimeoutMs: 0,
  recognitionTimeoutMs: 0,
  speechCompleteTimeoutMs: 300,
  speechIncompleteTimeoutMs: 300,
  startInputTimers: true,
  bargeIn: 'none',
  bargeInMinSpeechMs: 0,
  confidenceThreshold: 0.5,
};

/** The rate that an engine was asked for, those of its frames, and how many samples it got for 400 ms. */
function hear(sampleRatesHz: readonly number[]) {
  const rates = new Set<number>();
  let samplesHeard = 0;
  let asked = 0;
  const recognizer: Recognizer = {
    capabilities: {
      name: 'r',
      languages: ['*'],
      sampleRatesHz,
      interimResults: false,
      grammars: false,
      transcription: true,
    },
    warmUp: () => Promise.resolve(),
    recognize: ({ sampleRateHz }) => {
      asked = sampleRateHz;
      return {
        writeFrame: (frame) => {
          rates.add(frame.sampleRateHz);
          samplesHeard += frame.samples.length;
        },
        stop: () => undefined,
      };
    },
    close: () => Promise.resolve(),
  };
  const listener = {
    onStartOfInput: () => undefined,
    onPartial: () => undefined,
    onWarning: () => undefined,
    onComplete: () => undefined,
  };
  const operation = new ListenOperation(request, listener, {
    clock: new FakeClock(),
    isSpeech: () => true,
    recognizer,
    isPlaying: () => false,
    bargeIn: () => undefined,
  });
  for (let i = 0; i < 20; i++)
    operation.frame({ samples: new Int16Array(320).fill(1_000), sampleRateHz: 16_000, timestamp: i * 320 });
  return { asked, rates: [...rates], heardMs: (samplesHeard / asked) * 1_000 };
}

it.each([
  ['the line where it takes that', [8_000, 16_000], 16_000],
  ['the best below it', [8_000], 8_000],
  ['the lowest it has where all are above', [24_000, 48_000], 24_000],
])('an engine is fed at the rate of %s', (_case, takes, expected) => {
  const { asked, rates, heardMs } = hear(takes);
  expect([asked, rates]).toEqual([expected, [expected]]);
  expect(Math.abs(heardMs - 400)).toBeLessThan(5);
});

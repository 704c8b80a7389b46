import { describe, expect, it } from 'vitest';
import { SpeechError } from '../speech/errors.js';
import type { RecognizeRequest, Recognizer } from '../speech/recognizer.js';
import { RecognizerFeed } from './recognizer-feed.js';

const request: RecognizeRequest = {
  sessionId: 's',
  sampleRateHz: 8_000,
  language: 'en',
  grammars: [],
  hints: [],
  interimResults: false,
  nBest: 1,
};

/** An engine that keeps what it is given; `fail` makes its next call throw. */
function create(preRollMs = 40) {
  const heard: number[] = [];
  const calls: string[] = [];
  const errors: SpeechError[] = [];
  const engine = { fail: null as Error | null, aborted: false };
  const call = (name: string) => {
    calls.push(name);
    if (engine.fail) throw engine.fail;
  };
  const recognizer: Recognizer = {
    capabilities: {
      name: 'keeper',
      languages: ['*'],
      sampleRatesHz: [8_000],
      interimResults: false,
      grammars: false,
      transcription: true,
    },
    warmUp: () => Promise.resolve(),
    close: () => Promise.resolve(),
    recognize: (_request, _listener, signal) => {
      call('recognize');
      signal.addEventListener('abort', () => (engine.aborted = true));
      return {
        writeFrame: (frame) => {
          call('write');
          heard.push(...frame.samples);
        },
        stop: () => call('stop'),
      };
    },
  };
  const feed = new RecognizerFeed(recognizer, request, preRollMs, {
    onPartial: () => undefined,
    onFinal: () => undefined,
    onError: (error) => errors.push(error),
    onWarning: () => undefined,
  });
  return { feed, heard, calls, errors, engine };
}

/** 20 ms of samples that count on from `first`. */
const frame = (first: number, sampleRateHz = 8_000) => ({
  samples: Int16Array.from({ length: sampleRateHz / 50 }, (_, i) => first + i),
  sampleRateHz,
  timestamp: first,
});

describe('RecognizerFeed', () => {
  it.each([
    [1, 0],
    [2, 0],
    [3, 160],
    [7, 800],
  ])('after %i frames held it gives the newest 40 ms, oldest first', (frames, expectedFirst) => {
    const { feed, heard } = create();
    for (let i = 0; i < frames; i++) feed.hold(frame(i * 160));
    feed.start(8_000);
    feed.write(frame(frames * 160));
    const length = (frames + 1) * 160 - expectedFirst;
    expect(heard).toEqual(Array.from({ length }, (_, i) => expectedFirst + i));
  });

  it('gives nothing before the start, and asks for no result then', () => {
    const { feed, calls } = create();
    feed.write(frame(0));
    feed.stop();
    expect(calls).toEqual([]);
  });

  it.each([
    ['recognize', 1],
    ['write', 2],
    ['stop', 3],
  ])('an engine that throws in %s fails once and is left alone', (_, failing) => {
    const { feed, calls, errors, engine } = create();
    const steps = [() => feed.start(8_000), () => feed.write(frame(0)), () => feed.stop()];
    steps.forEach((step, i) => {
      if (i + 1 === failing) engine.fail = new Error('boom');
      step();
    });
    feed.write(frame(160));
    feed.stop();
    expect(calls.length).toBe(failing);
    expect(errors.map((e) => e.code)).toEqual(['internal']);
  });

  it('passes an error that the engine names itself', () => {
    const { feed, errors, engine } = create();
    engine.fail = new SpeechError('capacity', 'all decoders are busy');
    feed.start(8_000);
    expect(errors[0]?.code).toBe('capacity');
  });

  it('a rate that cannot be converted is an error, not a crash', () => {
    const { feed, errors } = create();
    feed.start(8_000);
    feed.write(frame(0, 11_025));
    expect(errors[0]?.code).toBe('internal');
  });

  it('abort tells the engine and ends the feeding', () => {
    const { feed, calls, engine } = create();
    feed.start(8_000);
    feed.abort();
    feed.abort();
    feed.write(frame(0));
    expect([engine.aborted, calls]).toEqual([true, ['recognize']]);
  });
});

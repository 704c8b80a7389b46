import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import type { AudioFrame } from '../../media/pipeline/audio.js';
import { SpeechError } from '../../media/speech/errors.js';
import type {
  RecognizeHandle,
  RecognizeRequest,
  Recognizer,
  RecognizerListener,
} from '../../media/speech/recognizer.js';
import { ScriptedRecognizer } from '../fake/scripted-recognizer.js';
import { recognizerRules, type RecognizerFixture } from './recognizer-rules.js';
import { describeRecognizer } from './recognizer-suite.js';
import { brokenRules } from './rule.js';

const request: RecognizeRequest = {
  sessionId: 's1',
  sampleRateHz: 8_000,
  language: 'en-US',
  grammars: [],
  hints: [],
  interimResults: false,
  nBest: 1,
};

function createFixture(
  sabotage: (recognizer: Recognizer) => Recognizer = (recognizer) => recognizer,
): RecognizerFixture {
  const clock = new FakeClock();
  const scripted = new ScriptedRecognizer({
    clock,
    script: [{ text: 'pay my bill', partials: ['pay', 'pay my'], delayMs: 30 }],
    capacity: 3,
    capabilities: { languages: ['en'] },
  });
  return {
    recognizer: sabotage(scripted),
    request,
    speech: new Int16Array(8_000).fill(100),
    expected: 'pay my bill',
    unsupported: { ...request, language: 'zh-CN' },
    capacity: 3,
    queue: 0,
    patienceMs: 1_000,
    quietMs: 200,
    wait: (ms) => {
      clock.advance(ms);
      return Promise.resolve();
    },
    close: async () => {
      await scripted.close();
      expect(scripted.running).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    },
  };
}

describeRecognizer('ScriptedRecognizer', createFixture);

/** A recogniser with one fault: `recognize` may change the listener, the signal or the handle. */
type Fault = (
  inner: Recognizer,
  request: RecognizeRequest,
  listener: RecognizerListener,
  signal: AbortSignal,
) => RecognizeHandle;

const broken =
  (fault: Fault) =>
  (inner: Recognizer): Recognizer => ({
    capabilities: inner.capabilities,
    warmUp: () => inner.warmUp(),
    recognize: (...call) => fault(inner, ...call),
    close: () => inner.close(),
  });

const deaf: RecognizeHandle = { writeFrame: () => undefined, stop: () => undefined };
const never = (): AbortSignal => new AbortController().signal;

describe('the rules of Recognizer catch', () => {
  it.each<[string, Fault, string]>([
    [
      'a call-back from inside recognize',
      (inner, request, listener, signal) => {
        if (request.language === 'zh-CN') listener.onError(new SpeechError('unsupported', 'x'));
        return request.language === 'zh-CN' ? deaf : inner.recognize(request, listener, signal);
      },
      'refuses what it cannot do',
    ],
    [
      'two endings',
      (inner, request, listener, signal) => {
        const twice = (result: Parameters<typeof listener.onFinal>[0]) => {
          listener.onFinal(result);
          listener.onFinal(result);
        };
        return inner.recognize(request, { ...bound(listener), onFinal: twice }, signal);
      },
      'recognises speech and ends exactly once',
    ],
    [
      'no ending',
      (inner, request, listener, signal) =>
        inner.recognize(request, { ...bound(listener), onFinal: () => undefined }, signal),
      'ends without audio',
    ],
    [
      'an ignored abort',
      (inner, request, listener) => inner.recognize(request, listener, never()),
      'is silent after abort',
    ],
    [
      'partials that nobody asked for',
      (inner, request, listener, signal) =>
        inner.recognize({ ...request, interimResults: true }, listener, signal),
      'recognises speech and ends exactly once',
    ],
    [
      'no partials',
      (inner, request, listener, signal) =>
        inner.recognize({ ...request, interimResults: false }, listener, signal),
      'gives partial results when asked and able',
    ],
    [
      'a second stop that starts over',
      (inner, request, listener, signal) => {
        const handle = inner.recognize(request, listener, signal);
        let stops = 0;
        return {
          writeFrame: (frame: AudioFrame) => handle.writeFrame(frame),
          stop: () => (stops++ ? inner.recognize(request, listener, signal).stop() : handle.stop()),
        };
      },
      'takes stop twice and ignores audio after it',
    ],
    [
      'a request that never gives its place back',
      (inner, request, listener, signal) => {
        inner.recognize(request, bound(listener), never());
        return inner.recognize(request, listener, signal);
      },
      'refuses one more than its capacity and queue',
    ],
    [
      'a listener shared between recognitions',
      (() => {
        let current: RecognizerListener | null = null;
        return ((inner, request, listener, signal) => {
          current = listener;
          const latest: RecognizerListener = {
            onPartial: (text) => current?.onPartial(text),
            onFinal: (result) => current?.onFinal(result),
            onError: (error) => current?.onError(error),
            onWarning: (message, fields) => current?.onWarning(message, fields),
          };
          return inner.recognize(request, latest, signal);
        }) satisfies Fault;
      })(),
      'keeps concurrent recognitions apart',
    ],
    [
      'a confidence above 1',
      (inner, request, listener, signal) => {
        const onFinal: RecognizerListener['onFinal'] = ({ alternatives }) =>
          listener.onFinal({ alternatives: alternatives.map((a) => ({ ...a, confidence: 1.5 })) });
        return inner.recognize(request, { ...bound(listener), onFinal }, signal);
      },
      'recognises speech and ends exactly once',
    ],
  ])('%s', async (_, fault, rule) => {
    const found = await brokenRules(recognizerRules, () => {
      const fixture = createFixture(broken(fault));
      return { ...fixture, close: () => Promise.resolve() };
    });
    expect(found).toContain(rule);
  });

  it.each<[string, Partial<RecognizerFixture>]>([
    ['a queue where there should be none', { capacity: 2 }],
    ['places where there should be a queue', { capacity: 2, queue: 1 }],
    ['a refusal where there should be a queue', { capacity: 3, queue: 1 }],
  ])('%s', async (_, claimed) => {
    const found = await brokenRules(recognizerRules, () => ({ ...createFixture(), ...claimed }));
    expect(found).toEqual(['refuses one more than its capacity and queue']);
  });
});

function bound(listener: RecognizerListener): RecognizerListener {
  return {
    onPartial: (text) => listener.onPartial(text),
    onFinal: (result) => listener.onFinal(result),
    onError: (error) => listener.onError(error),
    onWarning: (message, fields) => listener.onWarning(message, fields),
  };
}

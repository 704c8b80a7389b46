import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { SynthesisRequest, Synthesizer, SynthesizerListener } from '../../media/speech/synthesizer.js';
import { ScriptedSynthesizer } from '../fake/scripted-synthesizer.js';
import { brokenRules } from './rule.js';
import { synthesizerRules, type SynthesizerFixture } from './synthesizer-rules.js';
import { describeSynthesizer } from './synthesizer-suite.js';

const request: SynthesisRequest = {
  text: 'hello there',
  format: 'text',
  language: 'en-US',
  voice: 'one',
  speed: 1,
  pitch: 1,
  volume: 1,
  sampleRateHz: 8_000,
  extras: {},
};

function createFixture(
  sabotage: (synthesizer: Synthesizer) => Synthesizer = (synthesizer) => synthesizer,
): SynthesizerFixture {
  const clock = new FakeClock();
  const scripted = new ScriptedSynthesizer({ clock, chunkIntervalMs: 10, firstChunkMs: 5, capacity: 3 });
  return {
    synthesizer: sabotage(scripted),
    request,
    otherText: 'and now something rather longer',
    unsupported: { ...request, voice: 'nobody' },
    deterministic: true,
    capacity: 3,
    patienceMs: 2_000,
    quietMs: 300,
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

describeSynthesizer('ScriptedSynthesizer', createFixture);

/** A synthesizer with one fault: `speak` may change what it is called with. */
type Fault = (inner: Synthesizer, ...call: Parameters<Synthesizer['speak']>) => void;

const broken =
  (fault: Fault) =>
  (inner: Synthesizer): Synthesizer => ({
    capabilities: inner.capabilities,
    warmUp: () => inner.warmUp(),
    speak: (...call) => fault(inner, ...call),
    close: () => inner.close(),
  });

/** The listener with some call-backs replaced. */
function but(listener: SynthesizerListener, changes: Partial<SynthesizerListener>): SynthesizerListener {
  return {
    onAudio: (samples) => listener.onAudio(samples),
    onMark: (name, offsetMs) => listener.onMark(name, offsetMs),
    onEnd: () => listener.onEnd(),
    onError: (error) => listener.onError(error),
    ...changes,
  };
}

const never = (): AbortSignal => new AbortController().signal;

describe('the rules of Synthesizer catch', () => {
  it.each<[string, Fault, string]>([
    [
      'a call-back from inside speak',
      (inner, request, listener, signal) => {
        if (request.voice !== 'nobody') inner.speak(request, listener, signal);
        else listener.onError(new SpeechError('unsupported', 'x'));
      },
      'refuses what it cannot do',
    ],
    [
      'two endings',
      (inner, request, listener, signal) => {
        const onEnd = () => {
          listener.onEnd();
          listener.onEnd();
        };
        inner.speak(request, but(listener, { onEnd }), signal);
      },
      'speaks and ends exactly once',
    ],
    [
      'no ending',
      (inner, request, listener, signal) =>
        inner.speak(request, but(listener, { onEnd: () => undefined }), signal),
      'speaks and ends exactly once',
    ],
    [
      'silence',
      (inner, request, listener, signal) =>
        inner.speak(
          request,
          but(listener, { onAudio: (s) => listener.onAudio(new Int16Array(s.length)) }),
          signal,
        ),
      'speaks and ends exactly once',
    ],
    [
      'an ignored abort',
      (inner, request, listener) => inner.speak(request, listener, never()),
      'is silent after abort',
    ],
    [
      'a wrong rate',
      (inner, request, listener, signal) =>
        inner.speak({ ...request, sampleRateHz: 8_000 }, listener, signal),
      'delivers the rates it names',
    ],
    [
      'a speed that is ignored',
      (inner, request, listener, signal) => inner.speak({ ...request, speed: 1 }, listener, signal),
      'follows speed',
    ],
    [
      'audio of one request in another',
      (() => {
        let current: SynthesizerListener | null = null;
        return ((inner, request, listener, signal) => {
          current = listener;
          inner.speak(request, but(listener, { onAudio: (samples) => current?.onAudio(samples) }), signal);
        }) satisfies Fault;
      })(),
      'keeps concurrent syntheses apart',
    ],
    [
      'places that aborted requests keep',
      (inner, request, listener, signal) => {
        if (!signal.aborted) inner.speak({ ...request, text: 'x'.repeat(500) }, but(listener, {}), never());
        inner.speak(request, listener, signal);
      },
      'refuses one more than its capacity',
    ],
    [
      'text that is read as an option',
      (inner, request, listener, signal) =>
        inner.speak(request.text.startsWith('-') ? { ...request, text: ' ' } : request, listener, signal),
      'takes any text as text',
    ],
  ])('%s', async (_, fault, rule) => {
    const found = await brokenRules(synthesizerRules, () => {
      const fixture = createFixture(broken(fault));
      return { ...fixture, close: () => Promise.resolve() };
    });
    expect(found).toContain(rule);
  });

  it('a close that goes on speaking', async () => {
    const found = await brokenRules(synthesizerRules, () => {
      const fixture = createFixture((inner) => ({
        ...broken((i, ...c) => i.speak(...c))(inner),
        close: () => Promise.resolve(),
      }));
      return fixture;
    });
    expect(found).toEqual(['ends what runs on close and refuses afterwards']);
  });
});

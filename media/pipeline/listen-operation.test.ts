import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { SpeechError } from '../speech/errors.js';
import type { Expansion, Grammar } from '../speech/grammar/grammar.js';
import type { RecognizeRequest, RecognizerListener } from '../speech/recognizer.js';
import type { ListenOutcome, ListenRequest } from '../worker/media-host.js';
import { ScriptedRecognizer, type RecognizerScript } from '../worker/testing/scripted-recognizer.js';
import { ListenOperation } from './listen-operation.js';

function phrases(...texts: string[]): Grammar {
  const items = texts.map((text) => {
    const tokens = text.split(' ').map((word): Expansion => ({ type: 'token', text: word }));
    return { weight: 1, expansion: { type: 'sequence', items: tokens } as const };
  });
  return {
    kind: 'rules',
    uri: 'session:menu',
    mode: 'voice',
    language: 'en',
    weight: 1,
    root: 'root',
    rules: { root: { type: 'alternatives', items } },
  };
}

const menuKeys: Extract<Grammar, { kind: 'rules' }> = {
  kind: 'rules',
  uri: 'session:keys',
  mode: 'dtmf',
  language: 'en',
  weight: 1,
  root: 'root',
  rules: { root: { type: 'repeat', item: { type: 'token', text: '1' }, min: 2, max: 2 } },
};

const recognition: RecognizeRequest = {
  sessionId: 's',
  sampleRateHz: 8_000,
  language: 'en',
  grammars: [],
  hints: [],
  interimResults: true,
  nBest: 1,
};

const base: ListenRequest = {
  recognizer: 'r',
  recognition,
  dtmf: { grammars: [menuKeys], interdigitTimeoutMs: 1_000, termTimeoutMs: 0, termChar: '#' },
  noInputTimeoutMs: 1_000,
  recognitionTimeoutMs: 4_000,
  speechCompleteTimeoutMs: 300,
  speechIncompleteTimeoutMs: 800,
  startInputTimers: true,
  bargeIn: 'any',
  bargeInMinSpeechMs: 200,
  confidenceThreshold: 0.5,
};

interface Setup {
  readonly script?: Partial<RecognizerScript>;
  readonly change?: Partial<ListenRequest>;
  readonly grammars?: readonly Grammar[];
  readonly playing?: boolean;
  readonly recognizer?: SpeechError;
}

/** A listen whose detector takes frames of non-zero samples for speech. */
function create({ script, change, grammars = [], playing = false, recognizer }: Setup = {}) {
  const clock = new FakeClock(10_000);
  const engine = new ScriptedRecognizer({ text: 'yes', confidence: 0.9, ...script });
  const log: string[] = [];
  const listeners: RecognizerListener[] = [];
  const recognize = engine.recognize.bind(engine);
  engine.recognize = (request, listener, signal) => {
    listeners.push(listener);
    return recognize(request, listener, signal);
  };
  const outcomes: ListenOutcome[] = [];
  const operation = new ListenOperation(
    { ...base, recognition: { ...recognition, grammars }, ...change },
    {
      onStartOfInput: (mode) => log.push(`start ${mode}`),
      onPartial: (text) => log.push(`partial ${text}`),
      onWarning: (message) => log.push(message),
      onComplete: (outcome) => {
        log.push(outcome.cause);
        outcomes.push(outcome);
      },
    },
    {
      clock,
      isSpeech: (samples) => samples[0] !== 0,
      recognizer: recognizer ?? engine,
      isPlaying: () => playing,
      bargeIn: () => log.push('barge-in'),
    },
  );
  /** Feeds speech ('1') or silence ('0') in frames of 20 ms, letting the engine answer after each. */
  const hear = async (kind: '0' | '1', ms: number): Promise<void> => {
    const samples = new Int16Array(160).fill(Number(kind));
    for (let fed = 0; fed < ms && !operation.done; fed += 20) {
      clock.advance(20);
      operation.frame({ samples, sampleRateHz: 8_000, timestamp: 0 });
      await Promise.resolve();
      await Promise.resolve();
    }
  };
  return { clock, engine, log, outcomes, operation, hear, listeners };
}

describe('ListenOperation', () => {
  it('speech, pause, result: with the times of all three', async () => {
    const { log, outcomes, hear, engine, clock } = create({
      script: { partial: { text: 'ye', afterMs: 200 } },
    });
    await hear('0', 500);
    await hear('1', 400);
    await hear('0', 2_000);
    expect(log).toEqual(['barge-in', 'start speech', 'partial ye', 'success']);
    expect(outcomes[0]).toMatchObject({
      mode: 'speech',
      inputStartedAtMs: 10_500,
      endpointAtMs: 11_200,
      digits: '',
      error: null,
    });
    // 400 ms of pre-roll, with the 60 ms that told speech from a click in it, then all until the end of the pause.
    expect(engine.heardMs).toBe(400 + 340 + 300);
    expect([engine.live, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('silence: no-input-timeout', async () => {
    const { log, outcomes, hear } = create();
    await hear('0', 2_000);
    expect(log).toEqual(['no-input-timeout']);
    expect(outcomes[0]).toMatchObject({ mode: null, resultAtMs: 11_000, inputStartedAtMs: null });
  });

  it('startInputTimers starts the no-input timer', async () => {
    const { log, hear, operation } = create({ change: { startInputTimers: false } });
    await hear('0', 5_000);
    expect(log).toEqual([]);
    operation.startInputTimers();
    await hear('0', 1_000);
    expect(log).toEqual(['no-input-timeout']);
  });

  it.each<[string, Setup, string]>([
    ['confident enough', {}, 'success'],
    ['not confident', { script: { confidence: 0.4 } }, 'no-match'],
    ['nothing recognised', { script: { text: '' } }, 'no-match'],
    ['in the grammar', { grammars: [phrases('yes', 'no')] }, 'success'],
    ['outside the grammar, from an engine that transcribes', { grammars: [phrases('no')] }, 'no-match'],
    [
      'outside the grammar, with free speech allowed beside it',
      { grammars: [phrases('no'), { kind: 'transcribe', uri: 'builtin:t', mode: 'voice', language: 'en' }] },
      'success',
    ],
    ['an engine that throws', { script: { fault: 'throw' } }, 'recognizer-error'],
  ])('%s: %s', async (_, setup, cause) => {
    const { log, hear, engine } = create(setup);
    await hear('1', 400);
    await hear('0', 2_000);
    expect(log.at(-1)).toBe(cause);
    expect(log.filter((entry) => entry === cause).length).toBe(1);
    expect(engine.live).toBe(0);
  });

  it.each([
    ['a partial result that matches a grammar ends after speech-complete (RFC 6787 9.4.15)', 'yes', 300],
    ['one that does not yet, after speech-incomplete (9.4.16)', 'yes please', 800],
  ])('%s', async (_, phrase, pauseMs) => {
    const { outcomes, hear } = create({
      grammars: [phrases(phrase)],
      script: { text: phrase, partial: { text: 'yes', afterMs: 200 } },
    });
    await hear('1', 400);
    await hear('0', 2_000);
    expect(outcomes[0]?.endpointAtMs).toBe(10_400 + pauseMs);
    expect(outcomes[0]?.cause).toBe('success');
  });

  it.each<[string, Setup, string]>([
    ['with a match', {}, 'success-maxtime'],
    ['without', { script: { text: '' } }, 'no-match-maxtime'],
  ])('speech without end runs into the recognition timeout, %s (9.4.7)', async (_, setup, cause) => {
    const { outcomes, hear } = create(setup);
    await hear('1', 6_000);
    expect(outcomes[0]).toMatchObject({ cause, endpointAtMs: 14_000 });
  });

  it('an engine that owes its result is given up after 5 s', async () => {
    const { outcomes, hear, engine } = create({ script: { fault: 'hang' } });
    await hear('1', 400);
    await hear('0', 10_000);
    expect(outcomes[0]).toMatchObject({ cause: 'recognizer-error', resultAtMs: 10_400 + 300 + 5_000 });
    expect(outcomes[0]?.error?.code).toBe('timeout');
    expect(engine.live).toBe(0);
  });

  it('an engine that cannot be had ends it with the first frame', async () => {
    const { outcomes, hear } = create({ recognizer: new SpeechError('unavailable', 'not loaded') });
    await hear('0', 100);
    expect(outcomes[0]).toMatchObject({ cause: 'recognizer-error', resultAtMs: 10_020 });
  });

  it.each<[string, Setup, string, number]>([
    ['a cough of 120 ms does not cut a prompt', { playing: true }, '', 120],
    ['speech of 200 ms does', { playing: true }, 'barge-in,start speech', 200],
    ['without a prompt 120 ms are speech', {}, 'barge-in,start speech', 120],
    [
      'bargeIn dtmf: speech leaves the prompt alone',
      { playing: true, change: { bargeIn: 'dtmf' } },
      'start speech',
      200,
    ],
    ['bargeIn none', { playing: true, change: { bargeIn: 'none' } }, 'start speech', 200],
  ])('%s', async (_, setup, expected, speechMs) => {
    const { log, hear } = create(setup);
    await hear('1', speechMs);
    expect(log.join()).toBe(expected);
  });

  describe('digits', () => {
    it('collect, stop the prompt at the first and complete', () => {
      const { log, outcomes, operation } = create();
      operation.digit('1');
      operation.digit('1');
      expect(log).toEqual(['barge-in', 'start dtmf', 'barge-in', 'success']);
      expect(outcomes[0]).toMatchObject({ mode: 'dtmf', digits: '11', inputStartedAtMs: 10_000 });
      expect(outcomes[0]?.result.alternatives[0]).toMatchObject({ text: '11', confidence: 1 });
    });

    it('win over speech that is going on', async () => {
      const { log, hear, operation, engine } = create();
      await hear('1', 200);
      expect(engine.live).toBe(1);
      operation.digit('1');
      expect(engine.live).toBe(0);
      await hear('1', 200);
      operation.digit('1');
      expect(log.filter((entry) => entry !== 'barge-in')).toEqual(['start speech', 'start dtmf', 'success']);
    });

    it('end with no-match by the interdigit timeout, also while the stream is on hold', () => {
      const { log, operation, clock } = create();
      operation.digit('1');
      clock.advance(999);
      operation.poll(clock.nowMs());
      expect(log.at(-1)).toBe('start dtmf');
      clock.advance(1);
      operation.poll(clock.nowMs());
      expect(log.at(-1)).toBe('no-match');
    });

    it('are no input without DTMF grammars, but may stop the prompt', async () => {
      const { log, operation, hear } = create({ change: { dtmf: null } });
      operation.digit('1');
      await hear('0', 2_000);
      expect(log).toEqual(['barge-in', 'no-input-timeout']);
    });
  });

  it.each<[string, (operation: ListenOperation) => void, readonly string[]]>([
    ['stop ends it without an outcome', (operation) => operation.stop(), []],
    ['cancel ends it with one', (operation) => operation.cancel(), ['cancelled']],
  ])('%s, frees the engine and is idempotent', async (_, end, expected) => {
    const { log, hear, operation, engine, clock } = create({ change: { bargeIn: 'none' } });
    await hear('1', 200);
    end(operation);
    end(operation);
    operation.digit('1');
    await hear('0', 2_000);
    operation.poll(clock.nowMs() + 60_000);
    expect(log.slice(1)).toEqual(expected);
    expect([engine.live, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('an engine that answers twice, or after it was stopped, is heard once', async () => {
    const { log, hear, listeners } = create({ script: { fault: 'hang' } });
    await hear('1', 400);
    const result = { alternatives: [{ text: 'yes', confidence: 1, words: [] }] };
    for (let i = 0; i < 2; i++) listeners[0]?.onFinal(result);
    listeners[0]?.onPartial('late');
    listeners[0]?.onError(new SpeechError('internal', 'late'));
    listeners[0]?.onWarning('late', {});
    expect(log).toEqual(['barge-in', 'start speech', 'success']);
  });

  it('audio of another rate reaches the engine at the rate it was asked for', async () => {
    const { hear, engine } = create({ change: { recognition: { ...recognition, sampleRateHz: 16_000 } } });
    await hear('1', 1_000);
    expect(engine.heardMs).toBeGreaterThan(990);
    expect(engine.heardMs).toBeLessThanOrEqual(1_000);
  });
});

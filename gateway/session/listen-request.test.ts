import { describe, expect, test } from 'vitest';

import { matchGrammar, tokenize } from '../../media/speech/grammar/match.js';
import { toListenRequest, type ListenContext } from './listen-request.js';
import { listenSpec, timing } from './testing/kit.js';

const context: ListenContext = {
  sessionId: 's1',
  sampleRateHz: 8_000,
  recognizer: 'ears',
  timing,
  bargeIn: 'any',
  startInputTimers: false,
};

describe('toListenRequest', () => {
  test('takes the timing of the caller and the silence of the tree', () => {
    expect(toListenRequest(listenSpec({ noInputMs: 2_000 }), context)).toMatchObject({
      recognizer: 'ears',
      noInputTimeoutMs: 2_000,
      recognitionTimeoutMs: 10_000,
      speechCompleteTimeoutMs: 700,
      speechIncompleteTimeoutMs: 1_200,
      bargeIn: 'any',
      bargeInMinSpeechMs: 120,
      confidenceThreshold: 0.4,
      startInputTimers: false,
      dtmf: null,
    });
  });

  test.each([
    ['phrases', ['my bill'], ['session:node']],
    ['phrases', [], []],
    ['free', ['my bill'], []],
    ['digits', ['my bill'], ['builtin:grammar/digits', 'session:node']],
    ['digits', [], ['builtin:grammar/digits']],
    ['yes-no', [], ['builtin:grammar/boolean']],
  ] as const)('expecting %s with phrases %j listens with %j', (expected, phrases, uris) => {
    const { recognition } = toListenRequest(listenSpec({ expect: expected, phrases }), context);
    expect(recognition?.grammars.map(({ uri }) => uri)).toEqual(uris);
    expect(recognition).toMatchObject({
      sessionId: 's1',
      sampleRateHz: 8_000,
      language: 'en-US',
      hints: phrases,
      nBest: 1,
    });
  });

  test('its phrase grammar takes each phrase and nothing else', () => {
    const { recognition } = toListenRequest(listenSpec({ phrases: ['my bill', 'a fault'] }), context);
    const [grammar] = recognition?.grammars ?? [];
    if (!grammar) throw new Error('there is no grammar');
    const read = (text: string) => matchGrammar(grammar, tokenize(text, 'en-US')).outcome;
    expect(['my bill', 'a fault', 'my fault'].map(read)).toEqual(['match', 'match', 'no-match']);
  });

  describe('keys', () => {
    const dtmf = (keys: string[], minDigits: number, maxDigits: number) =>
      toListenRequest(listenSpec({ dtmf: { keys, minDigits, maxDigits, termChar: '#' } }), context).dtmf;

    test('single keys and a row of digits are two grammars, with the timing of the caller', () => {
      expect(dtmf(['1', '*'], 4, 6)).toMatchObject({
        grammars: [{ uri: 'session:keys' }, { uri: 'session:digits' }],
        interdigitTimeoutMs: 3_000,
        termTimeoutMs: 900,
        termChar: '#',
      });
    });

    test.each([
      [['1', '*'], 0, 0, 'session:keys', { '1': 'match', '*': 'match', '2': 'no-match', '11': 'no-match' }],
      [[], 2, 3, 'session:digits', { '1': 'partial', '12': 'match', '123': 'match', '1234': 'no-match' }],
    ])('keys %j and %d to %d digits are read by %s', (keys, min, max, uri, readings) => {
      const grammars = dtmf(keys, min, max)?.grammars ?? [];
      expect(grammars.map((grammar) => grammar.uri)).toEqual([uri]);
      for (const [digits, reading] of Object.entries(readings)) {
        const [grammar] = grammars;
        expect(grammar && matchGrammar(grammar, [...digits]).outcome).toBe(reading);
      }
    });
  });
});

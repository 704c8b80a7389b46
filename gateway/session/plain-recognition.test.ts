import { describe, expect, test } from 'vitest';

import { builtinGrammar } from '../../media/speech/grammar/builtin.js';
import type { Grammar } from '../../media/speech/grammar/grammar.js';
import { phraseGrammar } from '../../media/speech/grammar/phrases.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { RecognitionCause } from '../../media/speech/recognizer.js';
import { nlsmlContentType, parseNlsml } from '../mrcp/nlsml.js';
import { plainListenRequest, plainOutcome, type RecognitionContext } from './plain-recognition.js';
import { heard, outcome, pressed } from './testing/fake-media.js';
import { recogRequest } from './testing/kit.js';

const context: RecognitionContext = {
  sessionId: 's1',
  sampleRateHz: 8_000,
  recognizer: 'ears',
  language: 'en-GB',
};

const colours = phraseGrammar('session:colours', ['red', 'blue sky'], 'en-US');
const builtin = (uri: string): Grammar =>
  builtinGrammar(uri, { language: 'en-US', strict: true }, () => undefined);
const keys = builtin('builtin:dtmf/digits?length=4');
const anything = builtin('builtin:speech/transcribe');

function interpretations(body: string | undefined) {
  const reading = parseNlsml(body ?? '');
  if (!reading.ok) throw new Error('the body is no NLSML');
  return reading.result.interpretations;
}

describe('plainListenRequest', () => {
  test('takes timers, grammars and n-best from the request; the client decides what to interrupt', () => {
    const listen = plainListenRequest(
      recogRequest({ grammars: [colours, keys], nBestListLength: 3, startInputTimers: false }),
      context,
    );
    expect(listen).toMatchObject({
      recognizer: 'ears',
      noInputTimeoutMs: 5_000,
      recognitionTimeoutMs: 10_000,
      speechCompleteTimeoutMs: 800,
      speechIncompleteTimeoutMs: 1_500,
      startInputTimers: false,
      bargeIn: 'none',
      confidenceThreshold: 0.5,
      recognition: { sampleRateHz: 8_000, language: 'en-US', grammars: [colours], hints: [], nBest: 3 },
      dtmf: { grammars: [keys], interdigitTimeoutMs: 4_000, termTimeoutMs: 2_000, termChar: '#' },
    });
  });

  test.each([
    ['of the request', recogRequest({ grammars: [colours], speechLanguage: 'zh-CN' }), 'zh-CN'],
    ['of its first voice grammar', recogRequest({ grammars: [keys, colours] }), 'en-US'],
  ])('the language is that %s', (_case, request, language) => {
    expect(plainListenRequest(request, context).recognition?.language).toBe(language);
  });

  test('only keys need no recogniser, only words no keys', () => {
    expect(plainListenRequest(recogRequest({ grammars: [keys] }), context)).toMatchObject({
      recognition: null,
    });
    expect(plainListenRequest(recogRequest({ grammars: [colours] }), context)).toMatchObject({ dtmf: null });
  });
});

describe('plainOutcome', () => {
  const failures: readonly RecognitionCause[] = [
    'no-match',
    'no-input-timeout',
    'recognizer-error',
    'speech-too-early',
    'language-unsupported',
    'no-match-maxtime',
    'cancelled',
  ];
  test.each(failures)('the cause %s passes without a body', (cause) => {
    expect(plainOutcome(recogRequest({ grammars: [colours] }), outcome({ cause }))).toEqual({ cause });
  });

  test('an error gives its reason', () => {
    const error = new SpeechError('timeout', 'no result within 5 s');
    expect(plainOutcome(recogRequest(), outcome({ cause: 'recognizer-error', error }))).toEqual({
      cause: 'recognizer-error',
      reason: 'no result within 5 s',
    });
  });

  test.each(['success', 'success-maxtime'] as const)('%s carries NLSML of what was said', (cause) => {
    const request = recogRequest({ grammars: [colours] });
    const answer = plainOutcome(request, { ...heard('blue sky', 0.8), cause });
    expect(answer).toMatchObject({ cause, contentType: nlsmlContentType });
    expect(interpretations(answer.body)).toMatchObject([
      {
        grammar: 'session:colours',
        confidence: 0.8,
        instance: 'blue sky',
        input: { mode: 'speech', text: 'blue sky' },
      },
    ]);
  });

  test('text that no rule takes is no-match', () => {
    expect(plainOutcome(recogRequest({ grammars: [colours] }), heard('green'))).toEqual({
      cause: 'no-match',
    });
  });

  test('the grammar of the greatest weight wins', () => {
    const light = { ...colours, uri: 'session:light', weight: 0.5 };
    const heavy = { ...colours, uri: 'session:heavy', weight: 2 };
    const answer = plainOutcome(recogRequest({ grammars: [light, heavy, colours] }), heard('red'));
    expect(interpretations(answer.body)[0]?.grammar).toBe('session:heavy');
  });

  test('free transcription comes last, and its meaning is the text itself', () => {
    const request = recogRequest({ grammars: [anything, { ...colours, weight: 0.1 }] });
    expect(interpretations(plainOutcome(request, heard('red')).body)[0]?.grammar).toBe('session:colours');
    expect(interpretations(plainOutcome(request, heard('Any Words')).body)).toMatchObject([
      { grammar: 'builtin:speech/transcribe', instance: 'Any Words' },
    ]);
  });

  test('gives as many alternatives as were asked for, without those that no grammar takes', () => {
    const said = heard('red', 0.9, 'green', 'blue sky');
    const texts = (nBestListLength: number) =>
      interpretations(plainOutcome(recogRequest({ grammars: [colours], nBestListLength }), said).body).map(
        ({ input }) => input.text,
      );
    expect([texts(1), texts(2), texts(3)]).toEqual([['red'], ['red'], ['red', 'blue sky']]);
  });

  test('keys are read by the key grammars only', () => {
    const request = recogRequest({ grammars: [anything, keys] });
    expect(interpretations(plainOutcome(request, pressed('1234')).body)).toMatchObject([
      { grammar: keys.uri, confidence: 1, instance: '1234', input: { mode: 'dtmf', text: '1234' } },
    ]);
    expect(plainOutcome(request, pressed('12'))).toEqual({ cause: 'no-match' });
  });
});

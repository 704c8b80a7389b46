import { describe, expect, test } from 'vitest';

import { ScriptedSynthesizer } from '../../adapters/fake/scripted-synthesizer.js';
import { FakeClock } from '../../config/clock.js';
import { synthesisKey } from '../../media/speech/cache-key.js';
import type { SynthesisRequest } from '../../media/speech/synthesizer.js';
import { VoicedSynthesizer } from './voiced-synthesizer.js';

const request: SynthesisRequest = {
  text: 'hello',
  format: 'text',
  language: 'en-US',
  voice: '',
  speed: 1,
  pitch: 1,
  volume: 1,
  sampleRateHz: 8_000,
  extras: {},
};

function listed(voice: string, languages: readonly string[] = [], name = 'listed') {
  const clock = new FakeClock();
  const engine = new ScriptedSynthesizer({ clock });
  return { clock, engine, synthesizer: new VoicedSynthesizer(engine, { name, voice, languages }) };
}

function keyOf({ capabilities: { name, revision } }: VoicedSynthesizer): string {
  return synthesisKey({
    engine: name,
    revision,
    engineRateHz: 8_000,
    encoding: 'PCMU',
    wireRateHz: 8_000,
    request,
  }).canonical;
}

describe('VoicedSynthesizer', () => {
  test('two listings of one engine never share a cache key unless name and voice are the same', () => {
    const keys = [listed('one'), listed('two'), listed('one', [], 'other'), listed('one')].map(
      ({ synthesizer }) => keyOf(synthesizer),
    );
    expect(new Set(keys).size).toBe(3);
    expect(keys[3]).toBe(keys[0]);
  });

  test.each([
    ['', 'one', 'one'],
    ['two', 'one', 'two'],
    ['unknown', 'one', 'one'],
    ['unknown', '', ''],
  ])('a request for voice "%s" listed with "%s" is spoken by "%s"', (asked, voice, spoken) => {
    const { engine, synthesizer } = listed(voice);
    const listener = {
      onAudio: () => undefined,
      onMark: () => undefined,
      onEnd: () => undefined,
      onError: () => undefined,
    };
    synthesizer.speak({ ...request, voice: asked }, listener, new AbortController().signal);
    expect(engine.requests.map((taken) => taken.voice)).toEqual([spoken]);
  });

  test('is listed under its own name, for the listing’s languages or the engine’s', () => {
    expect(listed('one', ['en-GB']).synthesizer.capabilities).toMatchObject({
      name: 'listed',
      languages: ['en-GB'],
      voices: ['one', 'two'],
    });
    expect(listed('one').synthesizer.capabilities.languages).toEqual(['*']);
  });

  test('closes its engine', async () => {
    const { clock, engine, synthesizer } = listed('one');
    await synthesizer.warmUp();
    await synthesizer.close();
    const errors: string[] = [];
    const listener = {
      onAudio: () => undefined,
      onMark: () => undefined,
      onEnd: () => undefined,
      onError: (error: Error) => errors.push(error.message),
    };
    engine.speak(request, listener, new AbortController().signal);
    clock.advance(0);
    expect(errors).toEqual(['the synthesizer is closed']);
  });
});

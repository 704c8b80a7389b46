import { describe, expect, it } from 'vitest';
import type { SynthesisRequest } from '../../media/speech/synthesizer.js';
import { announcedLanguages, espeakArguments, espeakLanguage, espeakText } from './espeak-arguments.js';

const installed = new Set(['en-us', 'en-gb', 'cmn', 'yue', 'fr-fr', 'de', 'pt-br', 'pt', 'nb']);
const request: SynthesisRequest = {
  text: 'hi',
  format: 'text',
  language: 'en',
  voice: '',
  speed: 1,
  pitch: 1,
  volume: 1,
  sampleRateHz: 22_050,
  extras: {},
};

it.each([
  ['en', 'en-us'],
  ['en-GB', 'en-gb'],
  ['en_US', 'en-us'],
  ['en-AU', 'en-gb'],
  ['en-SG', 'en-us'],
  ['zh', 'cmn'],
  ['zh-CN', 'cmn'],
  ['zh-Hant-TW', 'cmn'],
  ['zh-HK', 'yue'],
  ['yue', 'yue'],
  ['fr-FR', 'fr-fr'],
  ['pt-BR', 'pt-br'],
  ['pt-PT', 'pt'],
  ['no-NO', 'nb'],
  ['tlh', null],
  ['../etc/passwd', null],
  ['', null],
])('BCP 47 %s is %s in eSpeak', (tag, name) => {
  expect(espeakLanguage(tag, installed)).toBe(name);
});

it('Chinese is announced under the tag that requests use', () => {
  expect(announcedLanguages(new Set(['cmn', 'de']))).toEqual(['zh', 'cmn', 'de']);
  expect(announcedLanguages(new Set(['de']))).toEqual(['de']);
});

describe('espeakArguments', () => {
  const options = (changes: Partial<SynthesisRequest>) => {
    const args = espeakArguments('en-us', { ...request, ...changes });
    return Object.fromEntries(['-v', '-s', '-p', '-a'].map((name) => [name, args[args.indexOf(name) + 1]]));
  };

  it.each<[Partial<SynthesisRequest>, Record<string, string>]>([
    [{}, { '-v': 'en-us', '-s': '175', '-p': '50', '-a': '100' }],
    [{ voice: 'f2' }, { '-v': 'en-us+f2' }],
    [{ speed: 2 }, { '-s': '350' }],
    [{ speed: 4 }, { '-s': '450' }],
    [{ speed: 0.25 }, { '-s': '80' }],
    [{ pitch: 2 }, { '-p': '99' }],
    [{ pitch: 0.5 }, { '-p': '1' }],
    [{ pitch: 0.25 }, { '-p': '0' }],
    [{ volume: 0 }, { '-a': '0' }],
    [{ volume: 4 }, { '-a': '200' }],
  ])('%j', (changes, expected) => {
    expect(options(changes)).toMatchObject(expected);
  });

  it('never carries the text', () => {
    expect(espeakArguments('en-us', { ...request, text: '--help' })).not.toContain('--help');
  });
});

it.each([
  ['say [[h@loU]] now', 'say [ [h@loU]] now'],
  ['[[[x', '[ [ [x'],
  ['a\0b', 'a b'],
])('%j goes in as %j', (text, cleaned) => {
  expect(espeakText(text)).toBe(cleaned);
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { speechLimits } from '../../../config/limits.js';
import { projectPath } from '../../../config/paths.js';
import { SeededRandom } from '../../../config/random.js';
import { flattenSsml, readSpeech } from './flatten.js';
import type { FlatSpeech, SpeechReading } from './flatten.js';
import { prosodyPitch, prosodyRate, prosodyVolume } from './prosody.js';

function speech(reading: SpeechReading): FlatSpeech {
  if (!reading.ok) throw new Error(reading.reason);
  return reading.speech;
}

function ssml(content: string, attributes = 'xml:lang="en-US"'): FlatSpeech {
  const document = `<?xml version="1.0"?><speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" ${attributes}>${content}</speak>`;
  return speech(flattenSsml(document, 'en-US'));
}

describe('flattenSsml', () => {
  it.each([
    ['white space collapses', '\n  one\n\ttwo  ', 'one two'],
    ['p and s are sentences', '<p><s>One</s><s>Two?</s></p><p>Three</p>', 'One. Two? Three.'],
    ['a sentence after bare text', 'Hello <s>there</s>', 'Hello. there.'],
    ['a medium break is a comma', 'one<break/>two', 'one, two'],
    ['a long break is a full stop', 'one <break time="1.5s"/> two', 'one. two'],
    ['a strong break makes a stop of a comma', 'one, <break strength="strong"/> two', 'one. two'],
    ['no break, no pause', 'one <break strength="none"/> two <break time="0s"/>three', 'one two three'],
    ['a break at the start says nothing', '<break/>one', 'one'],
    ['a break after punctuation adds none', 'one! <break/> two', 'one! two'],
    ['sub says its alias', '<sub alias="World Wide Web">WWW</sub> is big', 'World Wide Web is big'],
    ['phoneme keeps its text', 'a <phoneme alphabet="ipa" ph="x">tomato</phoneme>', 'a tomato'],
    ['emphasis keeps its text', 'a <emphasis level="strong">big</emphasis> one', 'a big one'],
    [
      'metadata is not spoken',
      '<metadata>x</metadata><lexicon uri="u"/><meta name="a" content="b"/>one',
      'one',
    ],
    ['say-as is spelled out', 'room <say-as interpret-as="digits">12</say-as>.', 'room one two.'],
    ['the old attribute type', '<say-as type="digits">12</say-as>', 'one two'],
    ['entities', 'R&amp;D', 'R&D'],
    ['an empty document', '', ''],
  ])('%s', (_name, content, text) => {
    expect(ssml(content)).toMatchObject({ text, warnings: [] });
  });

  it('writes Chinese punctuation and words', () => {
    const content =
      '<s>您好</s><s>话费<say-as interpret-as="currency">¥12.5</say-as><break/>请按<say-as interpret-as="digits">1</say-as></s>';
    expect(ssml(content, 'xml:lang="zh-CN"').text).toBe('您好。话费十二点五元，请按一。');
  });

  it('follows xml:lang of a part', () => {
    const content = '<s xml:lang="zh-CN"><say-as interpret-as="digits">12</say-as></s>';
    expect(ssml(`hi <break/>${content}`).text).toBe('hi. 一二。');
  });

  it('gives the offsets of marks and the lengths of breaks', () => {
    const flat = ssml(
      '<mark name="a"/>one <mark name="b"/>two<break time="250ms"/><mark name="c"/> three <mark name="d"/>',
    );
    expect(flat.text).toBe('one two, three');
    expect(flat.marks.map(({ name, textOffset }) => [name, flat.text.slice(textOffset)])).toEqual([
      ['a', 'one two, three'],
      ['b', 'two, three'],
      ['c', 'three'],
      ['d', ''],
    ]);
    expect(flat.breaks).toEqual([{ textOffset: 9, durationMs: 250 }]);
  });

  it('lifts voice and prosody that hold everything into the request', () => {
    const flat = ssml(
      '<voice name="anna bob" gender="female" xml:lang="en-GB"><prosody rate="+10%" volume="soft" pitch="+12st">one</prosody></voice><mark name="end"/>',
    );
    expect(flat).toMatchObject({
      text: 'one',
      voice: 'anna',
      gender: 'female',
      language: 'en-GB',
      speed: 1.1,
      volume: 0.6,
      pitch: 2,
      warnings: [],
    });
  });

  it('speaks voice and prosody that hold a part like the rest, and says so', () => {
    const flat = ssml('one <prosody rate="slow">two</prosody> <voice name="x">three</voice>');
    expect(flat).toMatchObject({ text: 'one two three', speed: 1, voice: null });
    expect(flat.warnings).toHaveLength(2);
  });

  it.each([
    ['<audio src="http://example.com/a.wav">fallback<desc>x</desc></audio>', 'fallback', /a\.wav/],
    ['<x:y xmlns:x="urn:x">kept</x:y>', 'kept', /"x:y"/],
    ['one<break time="soon"/>', 'one', /break/],
    ['<say-as interpret-as="address">1 St</say-as>', '1 St', /address/],
    ['<prosody rate="quick">one</prosody>', 'one', /quick/],
  ])('warns about %s', (content, text, warning) => {
    const flat = ssml(content);
    expect(flat.text).toBe(text);
    expect(flat.warnings.join()).toMatch(warning);
  });

  it.each([
    ['no XML', 'hello', /line 1/],
    ['an open element', '<speak>one<p></speak>', /line 1/],
    ['another root', '<vxml/>', /not "speak"/],
    ['an entity bomb', '<!DOCTYPE speak [<!ENTITY a "aaaa">]><speak>&a;</speak>', /internal subset/],
    ['too much text', `<speak>${'x'.repeat(speechLimits.synthesisTextCharacters + 1)}</speak>`, /characters/],
  ])('refuses %s', (_name, document, reason) => {
    const reading = flattenSsml(document, 'en-US');
    expect(reading).toMatchObject({ ok: false, kind: 'failed', cause: 'parse-failure' });
    expect(reading.ok ? '' : reading.reason).toMatch(reason);
  });

  it('survives every cut and mutations, with every offset inside the text', () => {
    const document =
      '<speak xml:lang="en"><p>Hi<mark name="m"/> <say-as interpret-as="time">9:05</say-as></p><break time="1s"/>你好</speak>';
    const random = new SeededRandom(8);
    for (let end = 0; end < document.length; end++)
      expect(flattenSsml(document.slice(0, end), 'en').ok).toBe(false);
    let spoken = 0;
    for (let round = 0; round < 1_500; round++) {
      const at = random.integer(document.length);
      const reading = flattenSsml(
        document.slice(0, at) + String.fromCharCode(random.integer(256)) + document.slice(at + 1),
        'en',
      );
      if (!reading.ok) continue;
      spoken++;
      const places = [...reading.speech.marks, ...reading.speech.breaks];
      for (const place of places) expect(place.textOffset).toBeLessThanOrEqual(reading.speech.text.length);
    }
    expect(spoken).toBeGreaterThan(100);
  });
});

describe('readSpeech', () => {
  it('reads what UniMRCP speaks', () => {
    const body = readFileSync(projectPath('media/speech/ssml/testdata/unimrcp-speak.xml'), 'utf8');
    expect(speech(readSpeech('application/synthesis+ssml', body, 'zh-CN'))).toEqual({
      text: 'Welcome to Uni MRCP.',
      marks: [],
      breaks: [],
      language: 'en-US',
      voice: null,
      gender: null,
      speed: 1,
      pitch: 1,
      volume: 1,
      warnings: [],
    });
  });

  it('passes plain text through', () => {
    expect(speech(readSpeech('text/plain; charset=utf-8', 'one  <two>\n', 'en'))).toMatchObject({
      text: 'one <two>',
      language: null,
      speed: 1,
    });
  });

  it.each(['application/ssml+xml', 'application/synthesis+ssml', 'Application/SSML+XML'])(
    'flattens %s',
    (type) => {
      expect(speech(readSpeech(type, '<speak>one</speak>', 'en')).text).toBe('one');
    },
  );

  it.each([
    ['text/uri-list', 'failed', 'uri-failure'],
    ['audio/wav', 'unsupported-type', 'parse-failure'],
  ])('refuses %s as %s', (type, kind, cause) => {
    expect(readSpeech(type, 'x', 'en')).toMatchObject({ ok: false, kind, cause });
  });
});

describe('prosody values (SSML 1.1 3.2.4)', () => {
  it.each([
    ['slow', 0.75],
    ['+10%', 1.1],
    ['-20%', 0.8],
    ['80%', 0.8],
    ['1.2', 1.2],
    ['900%', 4],
    ['0.01', 0.25],
    ['constructor', null],
    ['', null],
  ])('rate %j is %s', (text, factor) => {
    expect(prosodyRate(text)).toBe(factor);
  });

  it.each([
    ['high', 1.25],
    ['-12st', 0.5],
    ['+50%', 1.5],
    ['200Hz', null],
  ])('pitch %j is %s', (text, factor) => {
    expect(prosodyPitch(text)).toBe(factor);
  });

  it.each([
    ['silent', 0],
    ['50', 0.5],
    ['+20dB', 4],
    ['-10', 0.9],
    ['+10%', 1.1],
    ['loudest', null],
  ])('volume %j is %s', (text, factor) => {
    expect(prosodyVolume(text)).toBe(factor);
  });
});

import { describe, expect, test } from 'vitest';

import { audioSocketLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import { L16Protocol } from './l16-protocol.js';
import { MediaStreamsProtocol } from './media-streams-protocol.js';
import type { AudioProtocol, ClientMessage } from './protocol.js';

const format = { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 };

function start(more: object = {}): string {
  return JSON.stringify({
    event: 'start',
    sequenceNumber: '1',
    start: { streamSid: 'MZ1', callSid: 'CA1', mediaFormat: format, customParameters: {}, ...more },
    streamSid: 'MZ1',
  });
}

function media(more: object = {}, outer: object = {}): string {
  return JSON.stringify({
    event: 'media',
    streamSid: 'MZ1',
    media: { track: 'inbound', chunk: '1', timestamp: '5', payload: '/////w==', ...more },
    ...outer,
  });
}

function short(message: ClientMessage): string {
  if (message.type === 'violation') return `${message.reason}: ${message.detail}`;
  if (message.type !== 'audio') return message.type;
  return `audio ${message.end - message.start} at ${message.timestampMs}`;
}

function started(): MediaStreamsProtocol {
  const protocol = new MediaStreamsProtocol();
  protocol.readText(start());
  return protocol;
}

describe('media streams', () => {
  test('a whole stream is read', () => {
    const protocol = new MediaStreamsProtocol();
    const read = (text: string) => short(protocol.readText(text));
    expect(read('{"event":"connected","protocol":"Call","version":"1.0.0"}')).toBe('hello');
    expect(protocol.readText(start({ customParameters: { line: 'sales', 'no name': 'x' } }))).toEqual({
      type: 'start',
      start: { streamId: 'MZ1', callId: 'CA1', parameters: { line: 'sales' }, ignoredParameters: 1 },
    });
    expect(read(media())).toBe('audio 4 at 5');
    expect(read('{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"#"}}')).toBe(
      'digits',
    );
    expect(read('{"event":"mark","streamSid":"MZ1","mark":{"name":"prompt-1"}}')).toBe('mark');
    expect(read('{"event":"stop","streamSid":"MZ1","stop":{}}')).toBe('stop');
  });

  test('audio is decoded to its octets', () => {
    const message = started().readText(media({ payload: Buffer.from([1, 2, 250]).toString('base64') }));
    if (message.type !== 'audio') throw new Error(short(message));
    expect([...message.octets.subarray(message.start, message.end)]).toEqual([1, 2, 250]);
  });

  test.each([
    ['a number as time', media({ timestamp: 40 }), 'audio 4 at 40'],
    ['no time', media({ timestamp: undefined }), 'audio 4 at null'],
    ['no payload at all', media({ payload: '' }), 'audio 0 at 5'],
    ['the other track', media({ track: 'outbound' }), 'ignored'],
    ['an event of a later version', '{"event":"weather"}', 'ignored'],
    ['no JSON', '{"event":', 'bad-message: not a JSON object'],
    ['a list', '[]', 'bad-message: not a JSON object'],
    ['null', 'null', 'bad-message: not a JSON object'],
    ['no event', '{}', 'bad-message: event must be a text such as media'],
    ['a number as event', '{"event":1}', 'bad-message: event must be a text such as media'],
    [
      'media that is a text',
      '{"event":"media","media":"x"}',
      'bad-message: media.payload must be a text in Base64',
    ],
    [
      'a payload that is a number',
      media({ payload: 5 }),
      'bad-message: media.payload must be a text in Base64',
    ],
    [
      'a payload that is no Base64',
      media({ payload: 'ab!!cdef' }),
      'bad-message: media.payload is not Base64',
    ],
    [
      'a time that is none',
      media({ timestamp: 'soon' }),
      'bad-message: media.timestamp must be milliseconds, 0 or more',
    ],
    [
      'a negative time',
      media({ timestamp: -1 }),
      'bad-message: media.timestamp must be milliseconds, 0 or more',
    ],
    [
      'another stream',
      media({}, { streamSid: 'MZ2' }),
      'bad-message: streamSid is not the one of the start message',
    ],
    [
      'more than a second',
      media({ payload: 'A'.repeat(10_672) }),
      'too-large: at most 1000 ms in one message',
    ],
    [
      'a key that is none',
      '{"event":"dtmf","dtmf":{"digit":"x"}}',
      'bad-message: dtmf.digit must be 1 to 32 of 0-9 * # A-D',
    ],
    [
      'a mark without a name',
      '{"event":"mark","mark":{}}',
      'bad-message: mark.name must be the name of a mark',
    ],
  ])('%s', (_case, text, expected) => {
    expect(short(started().readText(text))).toBe(expected);
  });

  test('exactly a second of audio is taken', () => {
    const payload = Buffer.alloc(8_000).toString('base64');
    expect(short(started().readText(media({ payload })))).toBe('audio 8000 at 5');
  });

  const format16k = 'bad-format: start.mediaFormat must be audio/x-mulaw, 8000, 1 channel';
  test.each([
    ['no start object', '{"event":"start"}', 'bad-message: start must be an object'],
    [
      'no streamSid',
      '{"event":"start","start":{}}',
      'bad-message: start.streamSid must be a text of 1 to 256',
    ],
    [
      'a long streamSid',
      start({ streamSid: 'x'.repeat(257) }),
      'bad-message: start.streamSid must be a text of 1 to 256',
    ],
    ['another rate', start({ mediaFormat: { ...format, sampleRate: 16_000 } }), format16k],
    ['another encoding', start({ mediaFormat: { ...format, encoding: 'audio/opus' } }), format16k],
    ['two channels', start({ mediaFormat: { ...format, channels: 2 } }), format16k],
    ['a format that is none', start({ mediaFormat: 'mulaw' }), format16k],
    ['a rate as text', start({ mediaFormat: { ...format, sampleRate: '8000' } }), 'start'],
    ['no format', start({ mediaFormat: undefined }), 'start'],
    [
      'parameters that are a list',
      start({ customParameters: ['a'] }),
      'bad-message: start.customParameters must be an object of texts',
    ],
    [
      'a parameter that is a number',
      start({ customParameters: { a: 1 } }),
      'bad-message: values of start.customParameters are texts of at most 1024 characters',
    ],
    [
      'a long parameter',
      start({ customParameters: { a: 'x'.repeat(1_025) } }),
      'bad-message: values of start.customParameters are texts of at most 1024 characters',
    ],
  ])('a start message with %s', (_case, text, expected) => {
    expect(short(new MediaStreamsProtocol().readText(text))).toBe(expected);
  });

  test('more parameters than the bound are refused, as many as that are taken', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, 'x']));
    const read = (count: number) =>
      short(new MediaStreamsProtocol().readText(start({ customParameters: many(count) })));
    expect(read(audioSocketLimits.parameters)).toBe('start');
    expect(read(audioSocketLimits.parameters + 1)).toBe(
      `bad-message: start.customParameters has ${audioSocketLimits.parameters + 1}, at most ${audioSocketLimits.parameters}`,
    );
  });

  test('what goes out is what such clients know', () => {
    const protocol = new MediaStreamsProtocol();
    protocol.readText(start({ streamSid: 'MZ"1' }));
    const audio = protocol.audio(Uint8Array.of(9, 9, 1, 2, 3), 2);
    expect(JSON.parse(audio)).toEqual({ event: 'media', streamSid: 'MZ"1', media: { payload: 'AQID' } });
    expect(JSON.parse(protocol.mark('m'))).toEqual({ event: 'mark', streamSid: 'MZ"1', mark: { name: 'm' } });
    expect(JSON.parse(protocol.clear())).toEqual({ event: 'clear', streamSid: 'MZ"1' });
    expect([protocol.ready(), protocol.prompt(), protocol.transcript(), protocol.stop()]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  test('binary frames belong to the other mode', () => {
    expect(short(started().readBinary())).toBe('bad-message: binary frames need ?mode=l16 in the URL');
  });
});

describe('raw L16', () => {
  const create = (events = true) => new L16Protocol({ sampleRateHz: 16_000, events });

  test('octets are swapped on the way in and on the way out', () => {
    const protocol = create();
    const message = protocol.readBinary(Uint8Array.of(0x34, 0x12, 0x78, 0x56));
    if (message.type !== 'audio') throw new Error(short(message));
    expect([...message.octets.subarray(0, message.end)]).toEqual([0x12, 0x34, 0x56, 0x78]);
    expect([...protocol.audio(Uint8Array.of(7, 7, 0x12, 0x34, 0x56, 0x78), 2)]).toEqual([
      0x34, 0x12, 0x78, 0x56,
    ]);
  });

  test.each([
    ['start', '{"type":"start","callId":"c","parameters":{"line":"x"}}', 'start'],
    ['a bare start', '{"type":"start"}', 'start'],
    ['keys', '{"type":"dtmf","digits":"12#"}', 'digits'],
    ['a mark', '{"type":"mark","name":"prompt-1"}', 'mark'],
    ['stop', '{"type":"stop"}', 'stop'],
    ['a type of a later version', '{"type":"weather"}', 'ignored'],
    ['no JSON', 'hello', 'bad-message: not a JSON object'],
    ['no type', '{}', 'bad-message: type must be a text such as start'],
    [
      'too many keys',
      `{"type":"dtmf","digits":"${'1'.repeat(33)}"}`,
      'bad-message: digits must be 1 to 32 of 0-9 * # A-D',
    ],
    ['a callId that is a list', '{"type":"start","callId":[]}', 'bad-message: callId must be a short text'],
    [
      'a parameter that is an object',
      '{"type":"start","parameters":{"a":{}}}',
      'bad-message: values of parameters are texts of at most 1024 characters',
    ],
  ])('%s', (_case, text, expected) => {
    expect(short(create().readText(text))).toBe(expected);
  });

  test('a frame is a second at most and whole samples', () => {
    expect(short(create().readBinary(new Uint8Array(32_000)))).toBe('audio 32000 at null');
    expect(short(create().readBinary(new Uint8Array(32_002)))).toBe(
      'too-large: at most 1000 ms in one message',
    );
    expect(short(create().readBinary(new Uint8Array(3)))).toBe('bad-message: a sample has two octets');
  });

  test('texts are told only to those who asked', () => {
    expect(JSON.parse(create().prompt('Hello') ?? '')).toEqual({ type: 'prompt', text: 'Hello' });
    expect(JSON.parse(create().transcript('yes', 0.5) ?? '')).toEqual({
      type: 'transcript',
      text: 'yes',
      confidence: 0.5,
    });
    expect([create(false).prompt('Hello'), create(false).transcript('yes', 1)]).toEqual([null, null]);
  });
});

describe('whatever comes', () => {
  const fragments = [
    '{',
    '}',
    '"event"',
    ':',
    '"media"',
    '"start"',
    ',',
    'null',
    '[',
    ']',
    '1e999',
    '"payload"',
    '"\\u0000"',
    '{}',
    '"type"',
    '"dtmf"',
  ];
  const protocols: [string, () => AudioProtocol][] = [
    ['media streams', started],
    ['raw L16', () => new L16Protocol({ sampleRateHz: 8_000, events: false })],
  ];

  test.each(protocols)('%s neither throws nor takes it for more than it is', (_name, create) => {
    const random = new SeededRandom(7);
    const protocol = create();
    for (let i = 0; i < 20_000; i++) {
      const length = random.integer(12);
      const text = Array.from({ length }, () => fragments[random.integer(fragments.length)]).join('');
      expect(['violation', 'ignored', 'start', 'stop', 'hello']).toContain(protocol.readText(text).type);
    }
  });

  test.each(protocols)('%s survives every cut of a message', (_name, create) => {
    const protocol = create();
    for (const text of [start(), media()])
      for (let cut = 0; cut < text.length; cut++)
        expect(protocol.readText(text.slice(0, cut)).type).toBe('violation');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { chatLimits, chatSocketLimits } from '../../config/limits.js';
import { parseFrame, type FrameRefusal } from './frame-parser.js';
import type { ClientFrame } from './protocol.js';

const token = 'a.b.c';
const hello = { type: 'hello', versions: [1], token, device: 'tab-1' };

function parse(frame: unknown): ClientFrame | FrameRefusal {
  const parsed = parseFrame(Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame)));
  return parsed.ok ? parsed.frame : parsed.refusal;
}

test.each<[ClientFrame]>([
  [hello as ClientFrame],
  [{ ...hello, session: 's.1_-', since: 7, tree: 'demo-en' } as ClientFrame],
  [{ type: 'message', id: 'm-1', text: 'Hello\n\tthere 你好 😀' }],
  [{ type: 'message', id: 'm-1', text: 'Yes', value: 'yes' }],
  [{ type: 'typing', on: false }],
  [{ type: 'delivered', seq: 0 }],
  [{ type: 'read', seq: Number.MAX_SAFE_INTEGER }],
  [{ type: 'history', before: 1, limit: chatLimits.historyMessages }],
  [{ type: 'refresh', token }],
  [{ type: 'end' }],
  [{ type: 'ping', id: 3 }],
])('%j is taken as it is', (frame) => {
  expect(parse(frame)).toEqual(frame);
});

describe('a frame that could mean no protocol of ours ends the connection', () => {
  test.each([
    ['', /JSON/],
    ['{', /JSON/],
    ['hello', /JSON/],
    ['[]', /object/],
    ['null', /object/],
    ['"message"', /object/],
    ['{"type":"typing","on":[[[[]]]]}', /levels/],
    [`{"a":${'['.repeat(5_000)}`, /levels/],
    ['x'.repeat(chatLimits.frameBytes + 1), /bytes/],
  ])('%.40s', (text, message) => {
    expect(parse(text)).toMatchObject({ fatal: true, message: expect.stringMatching(message) as string });
  });
});

describe('a field that is not as wanted is named, and the connection stays', () => {
  test.each([
    [{ type: 'dance' }, 'type'],
    [{}, 'type'],
    [{ type: 'message', text: 'a' }, 'id'],
    [{ type: 'message', id: 'a b', text: 'a' }, 'id'],
    [{ type: 'message', id: 'é', text: 'a' }, 'id'],
    [{ type: 'message', id: 'x'.repeat(chatLimits.idCharacters + 1), text: 'a' }, 'id'],
    [{ type: 'message', id: 'm' }, 'text'],
    [{ type: 'message', id: 'm', text: '' }, 'text'],
    [{ type: 'message', id: 'm', text: '\u0007' }, 'text'],
    [{ type: 'message', id: 'm', text: 1 }, 'text'],
    [{ type: 'message', id: 'm', text: 'a', value: null }, 'value'],
    [{ type: 'typing', on: 'yes' }, 'on'],
    [{ type: 'delivered', seq: -1 }, 'seq'],
    [{ type: 'read', seq: 1.5 }, 'seq'],
    [{ type: 'read', seq: 2 ** 53 }, 'seq'],
    [{ type: 'history', before: 0, limit: 1 }, 'before'],
    [{ type: 'history', before: 5, limit: chatLimits.historyMessages + 1 }, 'limit'],
    [{ type: 'refresh', token: '' }, 'token'],
    [{ type: 'ping', id: '1' }, 'id'],
    [{ ...hello, versions: [] }, 'versions'],
    [{ ...hello, versions: ['1'] }, 'versions'],
    [{ ...hello, versions: new Array(chatSocketLimits.versions + 1).fill(1) }, 'versions'],
    [{ ...hello, device: '' }, 'device'],
    [{ ...hello, session: '../x' }, 'session'],
    [{ ...hello, since: '1' }, 'since'],
    [{ ...hello, tree: '.x' }, 'tree'],
    [{ ...hello, token: 'x'.repeat(chatLimits.tokenCharacters + 1) }, 'token'],
  ])('%j', (frame, field) => {
    expect(parse(frame)).toMatchObject({ fatal: false, field });
  });

  test('a message that is too long has its id, so that it can be told to its sender', () => {
    const text = 'x'.repeat(chatLimits.textCharacters + 1);
    expect(parse({ type: 'message', id: 'm-9', text })).toMatchObject({
      code: 'too-long',
      id: 'm-9',
      field: 'text',
    });
  });
});

describe('texts', () => {
  test('control characters other than tab and newline are taken out, line ends become \\n', () => {
    const text = 'a\u0000b\r\nc\rd\te\u001b[31m\u007f\u0085';
    expect(parse({ type: 'message', id: 'm', text })).toMatchObject({ text: 'ab\nc\nd\te[31m' });
  });

  test.each(['\\ud83d', 'a\\ude00b', '\\ude00\\ud83d'])(
    'half of a surrogate pair (%s) is refused',
    (half) => {
      expect(parse(`{"type":"message","id":"m","text":"${half}"}`)).toMatchObject({
        field: 'text',
        fatal: false,
      });
    },
  );

  test('brackets and quotes in a text are no depth', () => {
    const text = '[[[[[{{{{{ " \\ ]';
    expect(parse({ type: 'message', id: 'm', text })).toMatchObject({ text });
  });
});

test('fields of the prototype and unknown ones are left behind', () => {
  const frame = parse('{"__proto__":{"on":true},"constructor":1,"type":"typing","on":false,"extra":{}}');
  expect(frame).toEqual({ type: 'typing', on: false });
  expect(Object.getPrototypeOf(frame)).toBe(Object.prototype);
  expect(parse('{"__proto__":{"type":"end"}}')).toMatchObject({ field: 'type' });
});

describe('whatever comes', () => {
  const seed = 20_260_101;

  test('bytes are a frame or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const parsed = parseFrame(Buffer.from(bytes));
        if (!parsed.ok) expect(['bad-frame', 'too-long']).toContain(parsed.refusal.code);
      }),
      { seed, numRuns: 2_000 },
    );
  });

  test('objects that look like frames are one or name the field; what is taken is taken again', () => {
    const field = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.integer(), { maxLength: 3 }),
    );
    const type = fc.constantFrom(
      'hello',
      'message',
      'typing',
      'delivered',
      'read',
      'history',
      'refresh',
      'end',
      'ping',
      'x',
    );
    const names = [
      'id',
      'text',
      'value',
      'on',
      'seq',
      'before',
      'limit',
      'token',
      'versions',
      'device',
      'session',
      'since',
      'tree',
    ];
    const fields = Object.fromEntries(names.map((name) => [name, fc.option(field, { nil: undefined })]));
    fc.assert(
      fc.property(fc.record({ type, ...fields }), (frame) => {
        const parsed = parseFrame(Buffer.from(JSON.stringify(frame)));
        if (!parsed.ok) {
          expect(parsed.refusal.message).not.toBe('');
          return;
        }
        expect(parse(parsed.frame)).toEqual(parsed.frame);
        const { text } = parsed.frame as { text?: string };
        if (text !== undefined) expect(Buffer.from(text).toString()).toBe(text);
      }),
      { seed, numRuns: 3_000 },
    );
  });
});

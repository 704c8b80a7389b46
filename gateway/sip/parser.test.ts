import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sipLimits } from '../../config/limits.js';
import { projectPath } from '../../config/paths.js';
import { SeededRandom } from '../../config/random.js';
import type { SipParseErrorCode } from './errors.js';
import { getHeader } from './header-fields.js';
import type { SipLimits, SipParseResult } from './head-parser.js';
import type { SipMessage } from './message.js';
import { parseDatagram, StreamParser } from './parser.js';
import { serializeMessage } from './serializer.js';

const limits: SipLimits = {
  ...sipLimits,
  headers: 20,
  headerLineBytes: 300,
  startLineBytes: 200,
  bodyBytes: 400,
};
const small: SipLimits = { ...limits, messageBytes: 1_200 };

const head = [
  'INVITE sip:bot@192.0.2.1 SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKabc;rport',
  'Max-Forwards: 70',
  'From: "Ann" <sip:ann@192.0.2.9>;tag=a1',
  'To: <sip:bot@192.0.2.1>',
  'Call-ID: c1@192.0.2.9',
  'CSeq: 7 INVITE',
];

/** A message of `head` with lines replaced by their field name, or added. */
function text(changes: Record<string, string | null> = {}, body = '', extra: string[] = []): string {
  const lines = head.map((line, index) => {
    const name = index === 0 ? 'start' : (line.split(':', 1)[0] ?? '');
    return name in changes ? (changes[name] ?? null) : line;
  });
  return [...lines.filter((line) => line !== null), ...extra, '', body].join('\r\n');
}

function parse(message: string, bounds = limits): SipParseResult {
  const result = parseDatagram(Buffer.from(message), bounds);
  if (!result) throw new Error('taken for a keep-alive');
  return result;
}

function accepted(message: string): SipMessage {
  const result = parse(message);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.message;
}

describe('messages that must be understood', () => {
  it('a folded field is one value with single spaces, RFC 3261 7.3.1', () => {
    const message = accepted(text({}, '', ['Subject: I know', '\tyou are', '   there ']));
    expect(getHeader(message, 'Subject')).toBe('I know you are there');
  });

  it('compact forms are the long ones, RFC 3261 7.3.3', () => {
    const message = accepted(
      'INVITE sip:a@h SIP/2.0\r\nv: SIP/2.0/TCP h;branch=z9hG4bK1\r\nf: <sip:a@h>;tag=1\r\nt: <sip:b@h>\r\n' +
        'i: x\r\nCSeq: 1 INVITE\r\nm: <sip:a@h>\r\nk: timer\r\nx: 90\r\nc: application/sdp\r\nl: 3\r\n\r\nabc',
    );
    const names = message.headers.map((header) => header.name);
    expect(names).toEqual(
      'Via From To Call-ID CSeq Contact Supported Session-Expires Content-Type Content-Length'.split(' '),
    );
    expect(message.body.toString()).toBe('abc');
  });

  it.each<[string, string]>([
    ['white space around the colon', text({ 'Max-Forwards': 'Max-Forwards :\t 70' })],
    [
      'white space inside Via and CSeq',
      text({ CSeq: 'CSeq: 7   INVITE', Via: 'Via: SIP / 2.0 / UDP h ; branch=z9hG4bK1' }),
    ],
    ['names in any case', text({ 'Call-ID': 'cALL-iD: c1', To: 'TO: <sip:b@h>' })],
    ['an unknown method, for 501', text({ start: 'DANCE sip:a@h SIP/2.0', CSeq: 'CSeq: 1 DANCE' })],
    ['an unknown URI scheme, for 416', text({ start: 'INVITE soap.beep://192.0.2.103 SIP/2.0' })],
    [
      'escaped quotes and brackets in a display name',
      text({ From: 'From: "a \\"<b>\\" ;c, d" <sip:a@h>;tag=1' }),
    ],
    ['UTF-8 in a display name', text({ From: 'From: "张三" <sip:a@h>;tag=1' })],
    ['an address without brackets', text({ From: 'From: sip:ann@h;tag=a1' })],
    ['IPv6 references', text({ Via: 'Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1' })],
    [
      'several Vias in one field',
      text({ Via: 'Via: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/TCP b;branch=z9hG4bK2' }),
    ],
    ['an empty field', text({}, '', ['Subject:', 'Supported: '])],
    ['bare line feeds', text().replaceAll('\r\n', '\n')],
    ['line ends before the start line', `\r\n\r\n${text()}`],
    ['no Max-Forwards, as RFC 2543 clients send', text({ 'Max-Forwards': null })],
    ['a long but allowed value', text({}, '', [`Subject: ${'x'.repeat(280)}`])],
  ])('%s', (_name, message) => {
    expect(accepted(message).kind).toBe('request');
  });

  it('a datagram longer than Content-Length is cut, RFC 3261 18.3', () => {
    expect(accepted(text({}, 'abcdef', ['Content-Length: 4'])).body.toString()).toBe('abcd');
  });

  it('a response without a reason phrase, RFC 4475 3.1.1.13', () => {
    const message = accepted(text({ start: 'SIP/2.0 100 ' }));
    expect(message).toMatchObject({ kind: 'response', status: 100, reason: '' });
  });

  it.each(['', '\r\n', '\r\n\r\n', '\0\0\0\0'])('keep-alive %j is no message, RFC 5626 3.5.1', (bytes) => {
    expect(parseDatagram(Buffer.from(bytes), limits)).toBeNull();
  });
});

describe('messages that must be refused', () => {
  const long = 'x'.repeat(400);
  it.each<[string, SipParseErrorCode, number, boolean, string]>([
    ['HTTP', 'start-line', 400, false, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['two spaces in the request line', 'start-line', 400, false, text({ start: 'INVITE  sip:a@h SIP/2.0' })],
    [
      'white space in the Request-URI',
      'start-line',
      400,
      false,
      text({ start: 'INVITE sip:a@h; x SIP/2.0' }),
    ],
    ['a method that is no token', 'start-line', 400, false, text({ start: 'IN<VITE sip:a@h SIP/2.0' })],
    ['a status of 099', 'start-line', 400, false, text({ start: 'SIP/2.0 099 Odd' })],
    ['a status of 4294967301', 'start-line', 400, false, text({ start: 'SIP/2.0 4294967301 better' })],
    ['another version, RFC 4475 3.1.2.16', 'version', 505, true, text({ start: 'INVITE sip:a@h SIP/7.0' })],
    ['a long Request-URI', 'start-line-too-long', 414, true, text({ start: `INVITE sip:${long}@h SIP/2.0` })],
    ['a long field', 'header-too-long', 513, true, text({}, '', [`Subject: ${long}`])],
    [
      'a long folded field',
      'header-too-long',
      513,
      true,
      text({}, '', ['Subject: a', ...Array<string>(9).fill(` ${'x'.repeat(50)}`)]),
    ],
    ['too many fields', 'too-many-headers', 513, true, text({}, '', Array<string>(15).fill('Subject: a'))],
    ['a field without a colon', 'header-syntax', 400, true, text({}, '', ['Nonsense'])],
    ['a name with a space inside', 'header-syntax', 400, true, text({}, '', ['My Header: a'])],
    ['a lone CR in a value', 'header-syntax', 400, true, text({}, '', ['Subject: a\rContact: <sip:x@y>'])],
    ['a fold before any field', 'header-syntax', 400, true, text({ Via: ` folded\r\n${head[1] ?? ''}` })],
    ['no empty line', 'head-incomplete', 400, true, head.join('\r\n')],
    ['cut after a header field', 'head-incomplete', 400, true, `${head.join('\r\n')}\r\n`],
    ['cut inside the empty line', 'head-incomplete', 400, true, `${head.join('\r\n')}\r\n\r`],
    ['no From', 'header-missing', 400, false, text({ From: null })],
    ['no Via', 'header-missing', 400, false, text({ Via: null })],
    ['a malformed Via', 'header-value', 400, false, text({ Via: 'Via: SIP/2.0 192.0.2.9' })],
    ['Via port 0', 'header-value', 400, false, text({ Via: 'Via: SIP/2.0/UDP h:0;branch=z9hG4bK1' })],
    ['an open quote in To', 'header-value', 400, true, text({ To: 'To: "Mr. J. User <sip:j@h>' })],
    ['CSeq above 2^31 - 1', 'header-value', 400, true, text({ CSeq: 'CSeq: 36893488147419103232 INVITE' })],
    ['CSeq of another method', 'method-mismatch', 400, true, text({ CSeq: 'CSeq: 7 OPTIONS' })],
    ['Max-Forwards of 300', 'header-value', 400, true, text({ 'Max-Forwards': 'Max-Forwards: 300' })],
    ['two Call-IDs', 'header-repeated', 400, true, text({}, '', ['Call-ID: other'])],
    ['two Content-Lengths', 'header-repeated', 400, true, text({}, '', ['Content-Length: 0', 'l: 0'])],
    ['a negative Content-Length', 'content-length', 400, true, text({}, '', ['Content-Length: -999'])],
    [
      'a body shorter than Content-Length',
      'body-incomplete',
      400,
      true,
      text({}, 'abc', ['Content-Length: 4']),
    ],
    ['a long body', 'body-too-long', 413, true, text({}, 'x'.repeat(401))],
    ['a long Content-Length', 'body-too-long', 413, true, text({}, '', ['Content-Length: 999999999'])],
    [
      'a response with a bad CSeq',
      'header-value',
      400,
      false,
      text({ start: 'SIP/2.0 200 OK', CSeq: 'CSeq: x' }),
    ],
    [
      'an ACK',
      'header-syntax',
      400,
      false,
      text({ start: 'ACK sip:a@h SIP/2.0', CSeq: 'CSeq: 7 ACK' }, '', ['x']),
    ],
  ])('%s', (_name, code, status, answerable, message) => {
    const result = parse(message);
    if (result.ok) throw new Error('accepted');
    expect([result.error.code, result.error.status]).toEqual([code, status]);
    expect(result.error.request !== null).toBe(answerable);
  });

  it('a message above the whole bound', () => {
    const result = parse(text({}, '', Array<string>(12).fill(`Subject: ${'x'.repeat(200)}`)), small);
    expect(result).toMatchObject({ ok: false, error: { code: 'message-too-long', status: 513 } });
  });
});

function collect(bounds: SipLimits = limits): {
  parser: StreamParser;
  results: SipParseResult[];
  pings: () => number;
} {
  const results: SipParseResult[] = [];
  let pings = 0;
  const listener = {
    onResult: (result: SipParseResult) => void results.push(result),
    onKeepAlive: () => void pings++,
  };
  return { parser: new StreamParser(bounds, listener), results, pings: () => pings };
}

const clientFiles = ['invite', 'ack', 'bye'].map((name) =>
  readFileSync(projectPath(`gateway/sip/testdata/clients/unimrcp-${name}.sip`)),
);

describe('streams', () => {
  const stream = Buffer.concat([
    Buffer.from('\r\n\r\n'),
    ...clientFiles,
    Buffer.from(text({}, 'abc\r\n\r\nxyz', ['Subject: a', ' b', 'Content-Length: 10'])),
  ]);
  const whole = collect(sipLimits);
  whole.parser.push(stream);

  it('several messages in one chunk, a keep-alive before them', () => {
    expect(whole.results.map((result) => result.ok && summaryOf(result.message))).toEqual([
      ['INVITE', 417],
      ['ACK', 0],
      ['BYE', 0],
      ['INVITE', 10],
    ]);
    expect([whole.pings(), whole.parser.midMessage]).toEqual([1, false]);
  });

  it('a cut at every byte changes nothing', () => {
    for (let cut = 1; cut < stream.length; cut++) {
      const { parser, results, pings } = collect(sipLimits);
      parser.push(Buffer.from(stream.subarray(0, cut)));
      parser.push(Buffer.from(stream.subarray(cut)));
      if (pings() !== 1 || parser.failed) throw new Error(`cut at ${cut}`);
      if (JSON.stringify(results) !== JSON.stringify(whole.results)) throw new Error(`cut at ${cut}`);
    }
  });

  it('single bytes from a reused buffer change nothing', () => {
    const { parser, results } = collect(sipLimits);
    const reused = Buffer.alloc(1);
    for (const byte of stream) {
      reused[0] = byte;
      parser.push(reused);
    }
    expect(results).toEqual(whole.results);
  });

  it.each<[string, string, SipParseErrorCode]>([
    ['no Content-Length, RFC 3261 20.14', text(), 'content-length-missing'],
    ['two Content-Lengths', text({}, '', ['l: 1', 'l: 2']), 'content-length'],
    ['a long body', text({}, '', ['l: 401']), 'body-too-long'],
    ['bytes that are not SIP', 'GET / HTTP/1.1\r\n', 'start-line'],
    ['a line that never ends', 'x'.repeat(203), 'start-line'],
    ['a field that never ends', `${head.join('\r\n')}\r\nSubject: ${'x'.repeat(310)}`, 'header-too-long'],
  ])('%s ends the stream', (_name, bytes, code) => {
    const { parser, results } = collect();
    parser.push(Buffer.from(bytes));
    parser.push(Buffer.from(text({}, '', ['l: 0'])));
    expect(results).toMatchObject([{ ok: false, error: { code } }]);
    expect(parser.failed).toBe(true);
  });

  it('a bad field in a well-framed message costs that message alone', () => {
    const { parser, results } = collect();
    parser.push(Buffer.from(text({ CSeq: 'CSeq: x' }, 'ab', ['l: 2']) + text({}, '', ['l: 0'])));
    expect(results.map((result) => result.ok)).toEqual([false, true]);
  });

  it('an endless run of fields is stopped by the bound of the whole message', () => {
    const { parser, results } = collect(small);
    parser.push(Buffer.from(text().slice(0, -2)));
    for (let i = 0; i < 50; i++) parser.push(Buffer.from(`Subject: ${'x'.repeat(100)}\r\n`));
    expect(results).toMatchObject([{ ok: false, error: { code: 'message-too-long' } }]);
  });
});

function summaryOf(message: SipMessage): [string, number] {
  return [message.kind === 'request' ? message.method : String(message.status), message.body.length];
}

describe('serializing', () => {
  it.each(clientFiles.map((bytes) => [bytes]))(
    'a canonical client message round-trips to the same bytes',
    (bytes) => {
      const result = parseDatagram(bytes, sipLimits);
      if (!result?.ok) throw new Error('refused');
      expect(serializeMessage(result.message).toString()).toBe(bytes.toString());
    },
  );

  it('a line break in a value cannot add a field', () => {
    const message = accepted(text());
    message.headers.push({ name: 'Subject', value: 'a\r\nContact: <sip:evil@h>' });
    const again = accepted(serializeMessage(message).toString());
    expect(getHeader(again, 'Subject')).toBe('a Contact: <sip:evil@h>');
    expect(getHeader(again, 'Contact')).toBeNull();
  });
});

describe('fuzz', () => {
  const random = new SeededRandom(20);
  const alphabet = [
    '\r\n',
    '\n',
    ' ',
    ':',
    ';',
    ',',
    '"',
    '<',
    '>',
    '\0',
    '\r',
    'é',
    'SIP/2.0',
    'l: 5\r\n',
    '\r\n\r\n',
  ];

  function mutate(bytes: Buffer): Buffer {
    const parts = [bytes];
    for (let edits = 1 + random.integer(4); edits > 0; edits--) {
      const all = Buffer.concat(parts.splice(0));
      const at = random.integer(all.length + 1);
      const insert = Buffer.from(alphabet[random.integer(alphabet.length)] ?? '');
      parts.push(all.subarray(0, at), insert, all.subarray(at + random.integer(6)));
    }
    return Buffer.concat(parts);
  }

  it('mutated messages never throw, and what is accepted survives a round trip', () => {
    let acceptedCount = 0;
    for (let i = 0; i < 4_000; i++) {
      const bytes = mutate(clientFiles[i % clientFiles.length] ?? Buffer.alloc(0));
      const result = parseDatagram(bytes, sipLimits);
      const { parser } = collect();
      parser.push(bytes);
      if (!result?.ok) continue;
      acceptedCount++;
      const again = parseDatagram(serializeMessage(result.message), sipLimits);
      if (!again?.ok) throw new Error(`lost in the round trip: ${JSON.stringify(bytes.toString())}`);
    }
    expect(acceptedCount).toBeGreaterThan(100);
    expect(acceptedCount).toBeLessThan(4_000);
  });
});

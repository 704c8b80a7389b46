import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import type { MrcpMessage } from './message.js';
import { headerValue } from './message.js';
import { MrcpParser } from './parser.js';
import type { ParserLimits } from './parser.js';
import { clientMessages, clientRuns } from './testing/fixtures.js';
import { requestBytes } from './testing/mrcp-test-client.js';

interface Heard {
  readonly parser: MrcpParser;
  readonly messages: MrcpMessage[];
  readonly errors: { code: string; requestId: number | null }[];
}

function listen(limits: Partial<ParserLimits> = {}): Heard {
  const messages: MrcpMessage[] = [];
  const errors: Heard['errors'] = [];
  const parser = new MrcpParser(
    {
      onMessage: (message) => void messages.push(message),
      onError: ({ code }, requestId) => void errors.push({ code, requestId }),
    },
    { ...mrcpLimits, ...limits },
  );
  return { parser, messages, errors };
}

function parseAll(bytes: Buffer | string, limits: Partial<ParserLimits> = {}): Heard {
  const heard = listen(limits);
  heard.parser.write(Buffer.from(bytes));
  return heard;
}

const channelId = '32AECB23433801@speechsynth';
const speak = requestBytes(
  { method: 'SPEAK', channelId, headers: { 'Content-Type': 'text/plain' }, body: '你好，世界' },
  7,
);

describe('MRCP parser, framing', () => {
  for (const run of clientRuns) {
    const messages = clientMessages(run);
    const stream = Buffer.concat(messages);
    const whole = parseAll(stream).messages;

    it(`reads what the reference client sent (${run}), message-length exact, RFC 6787 5.1`, () => {
      const { parser, errors } = parseAll(stream);
      expect(whole).toHaveLength(messages.length);
      expect(parser.counts).toEqual({
        messages: messages.length,
        garbageLines: 0,
        malformedHeaders: 0,
        lengthMismatches: 0,
      });
      expect(errors).toEqual([]);
      expect(parser.partial).toBe(false);
      expect(parser.bufferedBytes).toBe(0);
    });

    it(`gives the same messages wherever the stream is cut (${run})`, () => {
      for (let cut = 1; cut < stream.length; cut++) {
        const { parser, messages: cutMessages } = listen();
        parser.write(stream.subarray(0, cut));
        parser.write(stream.subarray(cut));
        expect(cutMessages, `cut at ${cut}`).toEqual(whole);
      }
    });

    it(`gives the same messages octet by octet (${run})`, () => {
      const { parser, messages: slow } = listen();
      for (const octet of stream) parser.write(Uint8Array.of(octet));
      expect(slow).toEqual(whole);
    });
  }

  it('counts octets, not characters, of a Chinese body (RFC 6787 5.1, 6.2.11)', () => {
    const { messages, parser } = parseAll(Buffer.concat([speak, speak]));
    expect(messages.map(({ body }) => body.toString())).toEqual(['你好，世界', '你好，世界']);
    expect(messages[0]?.body).toHaveLength(15);
    expect(parser.counts.lengthMismatches).toBe(0);
  });

  it.each([-20, -3, 1, 100])(
    'frames by header section and Content-Length when message-length is wrong by %i, and counts it',
    (messageLengthError) => {
      const wrong = requestBytes(
        {
          method: 'SPEAK',
          channelId,
          headers: { 'Content-Type': 'text/plain' },
          body: 'Hello',
          messageLengthError,
        },
        1,
      );
      const { parser, messages } = parseAll(Buffer.concat([wrong, speak]));
      expect(messages.map(({ body }) => body.toString())).toEqual(['Hello', '你好，世界']);
      expect(parser.counts).toMatchObject({ lengthMismatches: 1, garbageLines: 0 });
    },
  );

  it('does not wait for a body that no header announces, whatever message-length says', () => {
    const wrong = requestBytes({ method: 'STOP', channelId, messageLengthError: 100 }, 1);
    expect(parseAll(wrong).messages).toHaveLength(1);
  });

  it.each(['', 'Content-Length: 1x\r\n'])(
    'frames by message-length when a body is announced without a readable Content-Length (%j)',
    (contentLength) => {
      const tail = ` SPEAK 1\r\nChannel-Identifier: ${channelId}\r\nContent-Type: text/plain\r\n${contentLength}\r\nHello`;
      const length = 'MRCP/2.0 '.length + 3 + tail.length;
      const { messages, parser } = parseAll(Buffer.concat([Buffer.from(`MRCP/2.0 ${length}${tail}`), speak]));
      expect(messages.map(({ body }) => body.toString())).toEqual(['Hello', '你好，世界']);
      expect(parser.counts.garbageLines).toBe(0);
    },
  );

  it('reads a zero-padded message-length (RFC 6787 5.1)', () => {
    const text = speak
      .toString('utf8')
      .replace(/^MRCP\/2\.0 (\d+)/, (_, length: string) => `MRCP/2.0 000${length}`);
    expect(parseAll(text).messages).toHaveLength(1);
  });

  it('copies bodies, so that a reused chunk does not change them', () => {
    const chunk = Buffer.from(speak);
    const { parser, messages } = listen();
    parser.write(chunk);
    chunk.fill(0);
    expect(messages[0]?.body.toString()).toBe('你好，世界');
  });
});

describe('MRCP parser, tolerance', () => {
  it('joins folded header lines (RFC 5322 2.2.3)', () => {
    const { messages } = parseAll('MRCP/2.0 99 STOP 1\r\nLogging-Tag: one\r\n two\r\n\tthree\r\n\r\n');
    expect(messages[0]?.headers).toEqual([{ name: 'Logging-Tag', value: 'one two three' }]);
  });

  it('takes LF line ends, any header case, and empty lines between messages', () => {
    const { messages } = parseAll('\r\n\nMRCP/2.0 99 stop 1\nCHANNEL-identifier:a@speechsynth\n\n\r\n');
    expect(messages[0]).toMatchObject({ kind: 'request', method: 'STOP' });
    expect(headerValue(messages[0]?.headers ?? [], 'Channel-Identifier')).toBe('a@speechsynth');
  });

  it('skips garbage lines before a valid message and counts them', () => {
    const { messages, parser, errors } = parseAll(
      Buffer.concat([Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), speak]),
    );
    expect(messages).toHaveLength(1);
    expect(parser.counts.garbageLines).toBe(2);
    expect(errors).toEqual([]);
  });

  it('skips header lines without a name and counts them', () => {
    const { messages, parser } = parseAll('MRCP/2.0 99 STOP 1\r\nno colon\r\n: no name\r\nA: b\r\n\r\n');
    expect(messages[0]?.headers).toEqual([{ name: 'A', value: 'b' }]);
    expect(parser.counts.malformedHeaders).toBe(2);
  });

  it('reads other versions, so that they can be answered 502 (RFC 6787 5.4)', () => {
    expect(parseAll('MRCP/3.0 99 STOP 1\r\n\r\n').messages[0]).toMatchObject({ version: '3.0' });
  });
});

describe('MRCP parser, bounds', () => {
  const line = (octets: number) => 'x'.repeat(octets);
  const start = 'MRCP/2.0 99 SPEAK 9\r\n';
  const cases: [string, string, Partial<ParserLimits>, string, number | null][] = [
    ['an endless start line', line(1_025), {}, 'start-line-too-long', null],
    ['a start line that ends too late', `${line(1_025)}\r\n`, {}, 'start-line-too-long', null],
    ['an endless header line', `${start}${line(8_193)}`, {}, 'header-line-too-long', 9],
    ['a header line that ends too late', `${start}A: ${line(8_193)}\r\n`, {}, 'header-line-too-long', 9],
    ['too many headers', `${start}${'A: b\r\n'.repeat(129)}`, {}, 'too-many-headers', 9],
    ['endless folding', `${start}A: b\r\n${' c\r\n'.repeat(128)}`, {}, 'too-many-headers', 9],
    [
      'a header section over the message bound',
      `${start}${`A: ${line(100)}\r\n`.repeat(9)}`,
      { messageBytes: 800 },
      'message-too-large',
      9,
    ],
    ['a declared length over the bound', 'MRCP/2.0 1048577 SPEAK 9\r\n', {}, 'message-too-large', 9],
    ['a 19-digit declared length', 'MRCP/2.0 9999999999999999999 SPEAK 9\r\n', {}, 'message-too-large', 9],
    [
      'a Content-Length over the bound',
      `${start}Content-Length: 1048577\r\n\r\n`,
      {},
      'message-too-large',
      9,
    ],
    ['garbage without end', 'y\r\n'.repeat(101), {}, 'too-much-garbage', null],
  ];

  it.each(cases)('fails on %s', (_, input, limits, code, requestId) => {
    const { parser, errors, messages } = parseAll(input, limits);
    expect(errors).toEqual([{ code, requestId }]);
    parser.write(speak);
    expect(messages).toEqual([]);
    expect(parser.bufferedBytes).toBe(0);
    expect(parser.partial).toBe(false);
  });

  it('holds no more than a message when it arrives slowly, and gives the memory back', () => {
    const big = requestBytes(
      { method: 'SPEAK', channelId, headers: { 'Content-Type': 'text/plain' }, body: 'x'.repeat(300_000) },
      1,
    );
    const { parser, messages } = listen();
    for (let at = 0; at < big.length; at += 1_000) {
      parser.write(big.subarray(at, at + 1_000));
      expect(parser.bufferedBytes).toBeLessThanOrEqual(big.length);
    }
    expect(messages[0]?.body).toHaveLength(300_000);
    expect(parser.bufferedBytes).toBe(0);
  });

  it('stops at once when it is closed from inside a listener call', () => {
    const seen: number[] = [];
    const parser = new MrcpParser(
      {
        onMessage: ({ requestId }) => {
          seen.push(requestId);
          parser.close();
        },
        onError: () => undefined,
      },
      mrcpLimits,
    );
    parser.write(Buffer.concat([speak, speak]));
    expect(seen).toEqual([7]);
  });
});

/** Damages a stream: flips, deletes and inserts octets, and cuts it into random chunks. */
function damaged(random: SeededRandom, stream: Buffer): Buffer[] {
  const octets = [...stream];
  for (let n = random.integer(6); n > 0; n--) {
    const at = random.integer(octets.length);
    const kind = random.integer(3);
    if (kind === 0) octets[at] = random.integer(256);
    else
      octets.splice(
        at,
        kind === 1 ? random.integer(9) : 0,
        ...(kind === 2 ? [13, 10, 58, random.integer(256)] : []),
      );
  }
  const chunks: Buffer[] = [];
  for (let at = 0; at < octets.length;) {
    const size = 1 + random.integer(200);
    chunks.push(Buffer.from(octets.slice(at, at + size)));
    at += size;
  }
  return chunks;
}

describe('MRCP parser, fuzzed', () => {
  it('never throws, never passes its bounds, and reads on after damage', () => {
    const random = new SeededRandom(6_787);
    const stream = Buffer.concat(clientRuns.flatMap((run) => clientMessages(run)));
    const limits = {
      messageBytes: 4_096,
      startLineBytes: 256,
      headerLineBytes: 512,
      headers: 16,
      garbageLines: 20,
    };
    let survived = 0;
    for (let round = 0; round < 400; round++) {
      const { parser, messages, errors } = listen(limits);
      for (const chunk of damaged(random, stream)) {
        parser.write(chunk);
        expect(parser.bufferedBytes).toBeLessThanOrEqual(limits.messageBytes + limits.headerLineBytes);
      }
      expect(errors.length).toBeLessThanOrEqual(1);
      for (const { headers, body } of messages) {
        expect(headers.length).toBeLessThanOrEqual(limits.headers);
        expect(body.length).toBeLessThanOrEqual(limits.messageBytes);
      }
      if (messages.length >= 5) survived++;
    }
    expect(survived).toBeGreaterThan(200);
  });
});

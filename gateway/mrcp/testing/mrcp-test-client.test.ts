import { describe, expect, it } from 'vitest';
import { ExchangeRules } from './exchange-rules.js';
import { requestBytes } from './mrcp-test-client.js';
import { MrcpViolation, StrictMessageReader } from './strict-message.js';
import type { StrictMessage } from './strict-message.js';

const channelId = 'a1@speechsynth';
const channel = `Channel-Identifier: ${channelId}\r\n`;

/** A message whose message-length is right, unless `error` is added. */
function message(tail: string, error = 0): Buffer {
  const fixed = Buffer.byteLength(`MRCP/2.0 ${tail}`) + 1;
  const length = fixed + String(fixed + 2).length + error;
  return Buffer.from(`MRCP/2.0 ${length} ${tail}`);
}

function read(bytes: Buffer): StrictMessage[] {
  return new StrictMessageReader().read(bytes);
}

describe('strict reader', () => {
  it('reads right messages at any cut', () => {
    const bytes = Buffer.concat([
      message(`1 200 IN-PROGRESS\r\n${channel}\r\n`),
      message(
        `SPEAK-COMPLETE 1 COMPLETE\r\n${channel}Content-Type: text/plain\r\nContent-Length: 6\r\n\r\n你好`,
      ),
    ]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new StrictMessageReader();
      const messages = [...reader.read(bytes.subarray(0, cut)), ...reader.read(bytes.subarray(cut))];
      expect(messages.map(({ name, body }) => name + body)).toEqual(['', 'SPEAK-COMPLETE你好']);
      expect(reader.heldBytes).toBe(0);
    }
  });

  const bad: [string, Buffer][] = [
    ['message-length one short', message(`1 200 COMPLETE\r\n${channel}\r\n`, -1)],
    [
      'message-length one long',
      Buffer.concat([
        message(`1 200 COMPLETE\r\n${channel}\r\n`, 1),
        message(`2 200 COMPLETE\r\n${channel}\r\n`),
      ]),
    ],
    [
      'characters counted as octets',
      message(`1 200 COMPLETE\r\n${channel}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n你好`),
    ],
    ['a body without Content-Type', message(`1 200 COMPLETE\r\n${channel}Content-Length: 2\r\n\r\nhi`)],
    [
      'a body without Content-Length',
      message(`1 200 COMPLETE\r\n${channel}Content-Type: text/plain\r\n\r\nhi`),
    ],
    ['LF line ends', message(`1 200 COMPLETE\nChannel-Identifier: ${channelId}\r\n\r\n`)],
    ['a header line without colon', message(`1 200 COMPLETE\r\nnonsense\r\n\r\n`)],
    ['a header given twice', message(`1 200 COMPLETE\r\n${channel}${channel}\r\n`)],
    ['an unknown request-state', message(`1 200 DONE\r\n${channel}\r\n`)],
    ['a PENDING event', message(`SPEAK-COMPLETE 1 PENDING\r\n${channel}\r\n`)],
    ['a request', message(`SPEAK 1\r\n${channel}\r\n`)],
    ['another protocol', Buffer.from('SIP/2.0 200 OK\r\n')],
  ];

  it.each(bad)('refuses %s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(MrcpViolation);
  });
});

interface Step {
  readonly sent?: [method: string, requestId: number];
  readonly said?: string;
}

function play(steps: readonly Step[]): void {
  const rules = new ExchangeRules();
  for (const { sent, said } of steps) {
    if (sent) rules.sent({ method: sent[0], requestId: sent[1], channelId });
    if (said === undefined) continue;
    for (const each of read(message(said))) {
      if (each.kind === 'response') rules.checkResponse(each);
      else rules.checkEvent(each);
    }
  }
}

const speak1: Step = { sent: ['SPEAK', 1], said: `1 200 IN-PROGRESS\r\n${channel}\r\n` };
const complete1 = `SPEAK-COMPLETE 1 COMPLETE\r\n${channel}Completion-Cause: 000 normal\r\n\r\n`;

describe('exchange rules', () => {
  it('allow SPEAK, its events and a STOP', () => {
    expect(() =>
      play([
        speak1,
        { sent: ['SPEAK', 2], said: `2 200 PENDING\r\n${channel}\r\n` },
        { said: complete1 },
        { said: `SPEECH-MARKER 2 IN-PROGRESS\r\n${channel}Speech-Marker: timestamp=1\r\n\r\n` },
        { sent: ['STOP', 3], said: `3 200 COMPLETE\r\n${channel}Active-Request-Id-List: 2\r\n\r\n` },
      ]),
    ).not.toThrow();
  });

  const bad: [string, Step[]][] = [
    ['a response to nothing', [{ said: `1 200 COMPLETE\r\n${channel}\r\n` }]],
    [
      'responses out of order',
      [{ sent: ['STOP', 1] }, { sent: ['STOP', 2], said: `2 200 COMPLETE\r\n${channel}\r\n` }],
    ],
    ['a response without channel', [{ sent: ['STOP', 1], said: '1 200 COMPLETE\r\n\r\n' }]],
    ['a failure in progress', [{ sent: ['SPEAK', 1], said: `1 402 IN-PROGRESS\r\n${channel}\r\n` }]],
    ['a SPEAK complete in its response', [{ sent: ['SPEAK', 1], said: `1 200 COMPLETE\r\n${channel}\r\n` }]],
    ['a STOP in progress', [{ sent: ['STOP', 1], said: `1 200 IN-PROGRESS\r\n${channel}\r\n` }]],
    [
      'an event without channel',
      [speak1, { said: 'SPEAK-COMPLETE 1 COMPLETE\r\nCompletion-Cause: 000 normal\r\n\r\n' }],
    ],
    ['an event for a request never made', [speak1, { said: complete1.replace(' 1 ', ' 9 ') }]],
    ['a second completion', [speak1, { said: complete1 }, { said: complete1 }]],
    [
      'a completion after STOP',
      [
        speak1,
        { sent: ['STOP', 2], said: `2 200 COMPLETE\r\n${channel}Active-Request-Id-List: 1\r\n\r\n` },
        { said: complete1 },
      ],
    ],
    [
      'a list naming what was not active',
      [{ sent: ['STOP', 2], said: `2 200 COMPLETE\r\n${channel}Active-Request-Id-List: 1\r\n\r\n` }],
    ],
    ['a cause of one digit', [speak1, { said: complete1.replace('000', '0') }]],
    ['a completion in progress', [speak1, { said: complete1.replace('COMPLETE\r', 'IN-PROGRESS\r') }]],
    [
      'an event of another method',
      [speak1, { said: `START-OF-INPUT 1 IN-PROGRESS\r\n${channel}Proxy-Sync-Id: 1\r\n\r\n` }],
    ],
    ['a marker without timestamp', [speak1, { said: `SPEECH-MARKER 1 IN-PROGRESS\r\n${channel}\r\n` }]],
    [
      'START-OF-INPUT without Proxy-Sync-Id',
      [
        { sent: ['RECOGNIZE', 1], said: `1 200 IN-PROGRESS\r\n${channel}\r\n` },
        { said: `START-OF-INPUT 1 IN-PROGRESS\r\n${channel}\r\n` },
      ],
    ],
  ];

  it.each(bad)('refuse %s', (_, steps) => {
    expect(() => play(steps)).toThrow(MrcpViolation);
  });
});

describe('request builder', () => {
  it('counts octets exactly at every length (RFC 6787 5.1)', () => {
    for (let n = 0; n < 1_000; n++) {
      const bytes = requestBytes(
        { method: 'STOP', channelId, headers: { 'Logging-Tag': '中'.repeat(n) } },
        1,
      );
      expect(Number(bytes.toString().split(' ')[1])).toBe(bytes.length);
    }
  });
});

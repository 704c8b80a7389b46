import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import type { MrcpMessage } from './message.js';
import { emptyBody } from './message.js';
import { MrcpParser } from './parser.js';
import { StrictMessageReader } from './testing/strict-message.js';
import { serializeMessage } from './writer.js';

const channel = { name: 'Channel-Identifier', value: '32AECB23433801@speechrecog' };

function event(body: string): MrcpMessage {
  return {
    kind: 'event',
    version: '2.0',
    eventName: 'RECOGNITION-COMPLETE',
    requestId: 4,
    requestState: 'COMPLETE',
    headers: [channel, { name: 'Content-Type', value: 'text/plain' }],
    body: Buffer.from(body),
  };
}

function parse(bytes: Buffer): MrcpMessage[] {
  const messages: MrcpMessage[] = [];
  const parser = new MrcpParser(
    { onMessage: (message) => void messages.push(message), onError: () => undefined },
    mrcpLimits,
  );
  parser.write(bytes);
  expect(parser.counts.lengthMismatches).toBe(0);
  return messages;
}

describe('MRCP writer', () => {
  it('writes exactly this, RFC 6787 5.3', () => {
    const bytes = serializeMessage({
      kind: 'response',
      version: '2.0',
      requestId: 543257,
      statusCode: 200,
      requestState: 'IN-PROGRESS',
      headers: [channel],
      body: emptyBody,
    });
    expect(bytes.toString()).toBe(
      'MRCP/2.0 86 543257 200 IN-PROGRESS\r\nChannel-Identifier: 32AECB23433801@speechrecog\r\n\r\n',
    );
    expect(bytes).toHaveLength(86);
  });

  it('counts its own digits at every length around 99/100 and 999/1000 (RFC 6787 5.1)', () => {
    for (let padding = 0; padding < 1_000; padding++) {
      const headers = [{ name: 'Logging-Tag', value: 'x'.repeat(padding) }];
      const bytes = serializeMessage({ ...event(''), headers });
      if (padding === 0) expect(bytes.length).toBeLessThan(99);
      expect(Number(bytes.toString().split(' ')[1])).toBe(bytes.length);
    }
  });

  it.each(['plain', '你好，世界', '😀 mixed 中文', 'a\r\n\r\nMRCP/2.0 9 STOP 1\r\n\r\n'])(
    'counts octets of the body %j, as an independent reader sees them',
    (body) => {
      const bytes = serializeMessage(event(body));
      const reader = new StrictMessageReader();
      expect(reader.read(bytes)).toMatchObject([{ name: 'RECOGNITION-COMPLETE', requestId: 4, body }]);
      expect(reader.heldBytes).toBe(0);
    },
  );

  it('leaves no way for a value to begin a new line', () => {
    const evil: MrcpMessage = {
      ...event(''),
      headers: [channel, { name: 'Completion-Reason', value: 'a\r\n\r\nX: b\u0000' }],
    };
    const text = serializeMessage(evil).toString();
    expect(text).toContain('Completion-Reason: a X: b\r\n\r\n');
    expect(text.match(/\r\n/g)).toHaveLength(4);
  });

  it('writes an empty value as "Name:" and computes Content-Length itself (RFC 6787 6.2.11)', () => {
    const message: MrcpMessage = {
      ...event('12345'),
      headers: [
        { name: 'Waveform-URI', value: '' },
        { name: 'Content-Length', value: '999' },
        { name: 'Content-Type', value: 'text/plain' },
      ],
    };
    const text = serializeMessage(message).toString();
    expect(text).toContain('\r\nWaveform-URI:\r\n');
    expect(text).toContain('\r\nContent-Length: 5\r\n');
    expect(text).not.toContain('999');
  });

  it('is read back to an equal message by our own parser', () => {
    const request: MrcpMessage = {
      kind: 'request',
      version: '2.0',
      method: 'STOP',
      requestId: 1,
      headers: [channel],
      body: emptyBody,
    };
    expect(parse(serializeMessage(request))).toEqual([request]);
    const [read] = parse(serializeMessage(event('你好')));
    expect(read).toMatchObject({ kind: 'event', requestState: 'COMPLETE', body: Buffer.from('你好') });
  });
});

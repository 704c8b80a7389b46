import { describe, expect, it } from 'vitest';
import { parseStartLine } from './start-line.js';

describe('MRCP start line', () => {
  it('reads a request (RFC 6787 5.2)', () => {
    expect(parseStartLine('MRCP/2.0 386 SPEAK 543257')).toEqual({
      kind: 'request',
      version: '2.0',
      messageLength: 386,
      method: 'SPEAK',
      requestId: 543257,
    });
  });

  it('reads a response (RFC 6787 5.3)', () => {
    expect(parseStartLine('MRCP/2.0 78 543257 200 IN-PROGRESS')).toMatchObject({
      kind: 'response',
      requestId: 543257,
      statusCode: 200,
      requestState: 'IN-PROGRESS',
    });
  });

  it('reads an event (RFC 6787 5.5)', () => {
    expect(parseStartLine('MRCP/2.0 89 SPEAK-COMPLETE 543257 COMPLETE')).toMatchObject({
      kind: 'event',
      eventName: 'SPEAK-COMPLETE',
      requestState: 'COMPLETE',
    });
  });

  it('takes the largest request-id and no larger one (RFC 6787 5.2: 32 bits)', () => {
    expect(parseStartLine('MRCP/2.0 1 STOP 4294967295')?.requestId).toBe(4_294_967_295);
    expect(parseStartLine('MRCP/2.0 1 STOP 4294967296')).toBeNull();
  });

  it.each([
    '',
    'MRCP/2.0',
    'MRCP/2.0 10 SPEAK',
    'MRCP/2.0 10 SPEAK one',
    'MRCP/2.0 10 SPEAK 1 COMPLETE extra',
    'MRCP/2.0 10 SPEAK 1 DONE',
    'MRCP/2.0 -10 SPEAK 1',
    'MRCP/2.0 99999999999999999999 SPEAK 1',
    'MRCP/2 10 SPEAK 1',
    'MRCP/2.0 10 1 20 COMPLETE',
    'MRCP/2.0 10 1 200',
    'SPEAK 1 MRCP/1.0',
    'INVITE sip:127.0.0.1 SIP/2.0',
  ])('refuses %j', (line) => {
    expect(parseStartLine(line)).toBeNull();
  });
});

import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sipLimits } from '../../config/limits.js';
import { projectPath } from '../../config/paths.js';
import { SeededRandom } from '../../config/random.js';
import { SdpError, parseSdp, sdpAttribute, sdpAttributes, serializeSdp } from './sdp.js';

const directory = projectPath('gateway/sip/testdata/sdp');
const captures = readdirSync(directory)
  .filter((name) => name.endsWith('.sdp'))
  .map((name) => [name, readFileSync(`${directory}/${name}`, 'utf8')] as const);
const offer = readFileSync(`${directory}/unimrcp-recog-offer.sdp`, 'utf8');

const head = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n';

function refusal(text: string): SdpError {
  try {
    parseSdp(text);
  } catch (error) {
    if (error instanceof SdpError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseSdp', () => {
  it('reads an MRCPv2 offer (RFC 6787 4.2)', () => {
    const description = parseSdp(offer);
    expect(description.origin).toEqual({
      username: 'UniMRCPClient',
      sessionId: '7298722355910774828',
      version: '2876149705126020026',
      address: '192.0.2.2',
    });
    expect(description.connection).toBe('127.0.0.1');
    const [control, audio] = description.media;
    expect(control).toMatchObject({ media: 'application', port: 9, protocol: 'TCP/MRCPv2', formats: ['1'] });
    expect(sdpAttribute(control?.attributes ?? [], 'resource')).toBe('speechrecog');
    expect(audio).toMatchObject({ media: 'audio', port: 4000, formats: ['0', '8', '9', '96', '101'] });
    expect(sdpAttributes(audio?.attributes ?? [], 'rtpmap')).toHaveLength(5);
    expect(sdpAttribute(audio?.attributes ?? [], 'sendonly')).toBe('');
    expect(sdpAttribute(audio?.attributes ?? [], 'fmtp:none')).toBeNull();
  });

  it.each(captures)('serialises %s back to the same bytes', (_name, text) => {
    expect(serializeSdp(parseSdp(text))).toBe(text);
  });

  it('reads LF line ends to an equal value', () => {
    expect(parseSdp(offer.replaceAll('\r\n', '\n'))).toEqual(parseSdp(offer));
  });

  it('reads IPv6 addresses and a c= line of one section (RFC 8866 5.7)', () => {
    const text =
      'v=0\r\no=- 1 2 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::2\r\nt=0 0\r\n' +
      'm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.9\r\na=sendrecv\r\n';
    const description = parseSdp(text);
    expect(description.origin.address).toBe('2001:db8::1');
    expect(description.connection).toBe('2001:db8::2');
    expect(description.media[0]?.connection).toBe('192.0.2.9');
    expect(serializeSdp(description)).toBe(text);
  });

  it('skips types it does not use, and drops a TTL and a port count', () => {
    const text = `${head}i=info\r\nc=IN IP4 192.0.2.3/127\r\nb=AS:64\r\nm=audio 4000/2 RTP/AVP 0\r\n`;
    expect(parseSdp(text)).toMatchObject({ connection: '192.0.2.3', media: [{ port: 4000 }] });
  });

  it.each([
    ['bad-version', 'v=1\r\n', 1],
    ['bad-version', '', 1],
    ['bad-line', `${head}hello\r\n`, 4],
    ['bad-line', `${head}a=x\u0000y\r\n`, 4],
    ['bad-line', `${head}a=x\ry\r\n`, 4],
    ['bad-origin', 'v=0\r\no=- 1 1 IN IP4\r\n', 2],
    ['bad-origin', 'v=0\r\no=- x 1 IN IP4 192.0.2.1\r\n', 2],
    ['bad-connection', `${head}c=IN IP5 x\r\n`, 4],
    ['bad-media', `${head}m=audio 70000 RTP/AVP 0\r\n`, 4],
    ['bad-media', `${head}m=audio 4000 RTP/AVP\r\n`, 4],
    ['bad-attribute', `${head}a=:x\r\n`, 4],
    ['missing-line', 'v=0\r\ns=-\r\n', 3],
    ['too-large', head + 'a=x\r\n'.repeat(sipLimits.sdpLines), sipLimits.sdpLines + 1],
    ['too-large', head + 'm=audio 0 RTP/AVP 0\r\n'.repeat(sipLimits.sdpMediaSections + 1), 20],
    ['too-large', `${head}a=${'x'.repeat(sipLimits.bodyBytes)}`, 1],
  ] as const)('refuses with %s', (code, text, line) => {
    expect(refusal(text)).toMatchObject({ code, line });
  });

  it('survives every cut and thousands of mutations, throwing nothing but SdpError', () => {
    const random = new SeededRandom(3);
    const texts = Array.from({ length: offer.length }, (_, end) => offer.slice(0, end));
    for (let round = 0; round < 3_000; round++) {
      const at = random.integer(offer.length);
      texts.push(
        offer.slice(0, at) + String.fromCharCode(random.integer(256)) + offer.slice(at + random.integer(6)),
      );
    }
    for (const text of texts) {
      try {
        const description = parseSdp(text);
        expect(parseSdp(serializeSdp(description))).toEqual(description);
      } catch (error) {
        expect(error).toBeInstanceOf(SdpError);
      }
    }
  });
});

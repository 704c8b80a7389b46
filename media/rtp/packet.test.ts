import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { RtpPacket, writeRtpHeader } from './packet.js';

const header = [0x80, 0x80 | 8, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x02, 0x03, 0x04];

function parse(bytes: readonly number[]): { error: string | null; payload: number[]; packet: RtpPacket } {
  const packet = new RtpPacket();
  const error = packet.parse(Uint8Array.from(bytes));
  const { payloadOffset, payloadLength } = packet;
  return { error, packet, payload: [...bytes.slice(payloadOffset, payloadOffset + payloadLength)] };
}

function withFirst(first: number, ...rest: number[]): number[] {
  return [first, ...header.slice(1), ...rest];
}

describe('RtpPacket.parse, RFC 3550 5.1', () => {
  it('reads every field of the fixed header', () => {
    const { error, packet, payload } = parse([...header, 9, 8, 7]);
    expect(error).toBeNull();
    expect(packet).toMatchObject({
      marker: true,
      payloadType: 8,
      sequenceNumber: 0x1234,
      timestamp: 0xdeadbeef,
      ssrc: 0x01020304,
    });
    expect(payload).toEqual([9, 8, 7]);
  });

  it.each([
    ['CSRCs are skipped', withFirst(0x82, 1, 1, 1, 1, 2, 2, 2, 2, 42), [42]],
    ['a header extension is skipped (5.3.1)', withFirst(0x90, 0xbe, 0xde, 0, 1, 5, 5, 5, 5, 42), [42]],
    ['an empty header extension is skipped', withFirst(0x90, 0xbe, 0xde, 0, 0, 42), [42]],
    ['padding is cut off', withFirst(0xa0, 42, 0, 0, 3), [42]],
    ['padding may be all there is', withFirst(0xa0, 0, 2), []],
    ['all at once', withFirst(0xb1, 1, 1, 1, 1, 0, 0, 0, 0, 42, 1), [42]],
    ['no payload at all', header, []],
  ])('%s', (_, bytes, expected) => {
    const { error, payload } = parse(bytes);
    expect(error).toBeNull();
    expect(payload).toEqual(expected);
  });

  it.each([
    ['too-short', header.slice(0, 11)],
    ['too-short', []],
    ['too-long', [...header, ...new Array<number>(1_489).fill(0)]],
    ['version', withFirst(0x40)],
    ['version', withFirst(0xc0)],
    ['rtcp', [0x80, 200, ...header.slice(2)]],
    ['csrc', withFirst(0x81, 1, 2, 3)],
    ['extension', withFirst(0x90, 0, 0, 0)],
    ['extension', withFirst(0x90, 0, 0, 0, 2, 1, 1, 1, 1)],
    ['padding', withFirst(0xa0, 42, 0)],
    ['padding', withFirst(0xa0, 42, 9)],
    ['padding', withFirst(0xa0)],
  ])('refuses: %s', (error, bytes) => {
    expect(parse(bytes).error).toBe(error);
  });

  it('stays inside the datagram for any bytes', () => {
    const random = new SeededRandom(5);
    const packet = new RtpPacket();
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: random.integer(48) }, () => random.integer(256));
      if (bytes.length > 0 && round % 2) bytes[0] = 0x80 | random.integer(64);
      if (packet.parse(bytes) !== null) continue;
      expect(packet.payloadOffset).toBeGreaterThanOrEqual(12);
      expect(packet.payloadLength).toBeGreaterThanOrEqual(0);
      expect(packet.payloadOffset + packet.payloadLength).toBeLessThanOrEqual(bytes.length);
    }
  });

  it('reads what writeRtpHeader wrote', () => {
    const random = new SeededRandom(6);
    const bytes = new Uint8Array(12);
    const packet = new RtpPacket();
    for (let round = 0; round < 1_000; round++) {
      const fields = {
        payloadType: random.integer(64),
        marker: random.integer(2) === 1,
        sequenceNumber: random.integer(65_536),
        timestamp: random.integer(2 ** 32),
        ssrc: random.integer(2 ** 32),
      };
      const { payloadType, marker, sequenceNumber, timestamp, ssrc } = fields;
      writeRtpHeader(bytes, payloadType, marker, sequenceNumber, timestamp, ssrc);
      expect(packet.parse(bytes)).toBeNull();
      expect(packet).toMatchObject(fields);
    }
  });
});

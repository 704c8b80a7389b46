import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { decodeWire, encodeShared, encodeWire, fillSilence, WireTranscoder } from './wire-codec.js';

describe('L16, RFC 3551 4.5.11', () => {
  it('puts the high octet first', () => {
    const octets = new Uint8Array(6);
    encodeWire('L16', Int16Array.of(0x0102, -2, -32_768), octets);
    expect([...octets]).toEqual([0x01, 0x02, 0xff, 0xfe, 0x80, 0x00]);
  });

  it('round-trips every value from an odd offset', () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    const octets = new Uint8Array(1 + samples.length * 2);
    encodeWire('L16', samples, octets, 1);
    const decoded = new Int16Array(samples.length);
    expect(decodeWire('L16', octets, 1, octets.length, decoded)).toBe(samples.length);
    expect(decoded).toEqual(samples);
  });

  it('ignores a last odd octet', () => {
    expect(decodeWire('L16', Uint8Array.of(0, 1, 2), 0, 3, new Int16Array(2))).toBe(1);
  });
});

describe('transcoding', () => {
  const random = new SeededRandom(7);
  const samples = Int16Array.from({ length: 160 }, () => random.integer(65_536) - 32_768);

  it.each([
    ['PCMU', 'PCMA'],
    ['PCMA', 'L16'],
    ['L16', 'PCMU'],
  ] as const)('%s to %s equals decoding and encoding', (from, to) => {
    const source = encodeShared(from, samples);
    const linear = new Int16Array(160);
    decodeWire(from, source, 0, source.length, linear);
    const expected = encodeShared(to, linear);
    const target = new Uint8Array(expected.length + 12);
    const written = new WireTranscoder().convert(from, source, 0, source.length, to, target, 12);
    expect(written).toBe(expected.length);
    expect([...target.subarray(12)]).toEqual([...expected]);
  });

  it.each(['PCMU', 'PCMA', 'L16'] as const)('silence of %s decodes to next to nothing', (encoding) => {
    const octets = new Uint8Array(8);
    fillSilence(encoding, octets, 0, 8);
    const decoded = new Int16Array(8);
    const count = decodeWire(encoding, octets, 0, 8, decoded);
    expect(Math.max(...decoded.subarray(0, count).map(Math.abs))).toBeLessThanOrEqual(8);
  });
});

import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { encodeG711 } from './g711.js';
import { parseWav, serializeWav } from './wav.js';

interface Fields {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  data: Uint8Array;
  extra?: boolean;
}

function wavFile({
  tag = 1,
  channels = 1,
  rate = 8_000,
  bits = 16,
  data,
  extra = false,
}: Fields): Uint8Array {
  const text = (s: string) => [...s].map((c) => c.charCodeAt(0));
  const u32 = (n: number) => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];
  const u16 = (n: number) => [n & 255, n >>> 8];
  return Uint8Array.from([
    ...text('RIFF'),
    ...u32(36 + data.length),
    ...text('WAVE'),
    ...text('fmt '),
    ...u32(16),
    ...u16(tag),
    ...u16(channels),
    ...u32(rate),
    ...u32((rate * channels * bits) / 8),
    ...u16((channels * bits) / 8),
    ...u16(bits),
    ...(extra ? [...text('LIST'), ...u32(3), 1, 2, 3, 0] : []),
    ...text('data'),
    ...u32(data.length),
    ...data,
  ]);
}

const samples = Int16Array.of(0, 1, -1, 32_767, -32_768, 1_000);

describe('parseWav', () => {
  it('reads what serializeWav wrote', () => {
    const result = parseWav(serializeWav({ sampleRateHz: 16_000, samples }), 1_000);
    expect(result).toEqual({ ok: true, audio: { sampleRateHz: 16_000, samples } });
  });

  it.each([
    ['8-bit PCM is unsigned', { bits: 8, data: Uint8Array.of(128, 0, 255) }, [0, -32_768, 32_512]],
    ['stereo is mixed down', { channels: 2, data: Uint8Array.of(10, 0, 20, 0, 0, 0, 6, 0) }, [15, 3]],
    [
      'an odd chunk before the data is skipped with its pad octet',
      { data: Uint8Array.of(5, 0), extra: true },
      [5],
    ],
    ['A-law', { tag: 6, bits: 8, data: Uint8Array.of(0xd5, 0x55) }, [8, -8]],
  ])('%s', (_, fields, expected) => {
    const result = parseWav(wavFile(fields), 1_000);
    expect(result.ok && [...result.audio.samples]).toEqual(expected);
  });

  it('mu-law decodes by G.711', () => {
    const data = new Uint8Array(samples.length);
    encodeG711('PCMU', samples, data);
    const result = parseWav(wavFile({ tag: 7, bits: 8, data }), 1_000);
    expect(result.ok && result.audio.samples[3]).toBe(32_124);
  });

  it.each([
    ['too-large', serializeWav({ sampleRateHz: 8_000, samples: new Int16Array(600) })],
    ['not-wav', Uint8Array.from(Buffer.from('OggS and then some'))],
    ['unsupported', wavFile({ bits: 24, data: Uint8Array.of(1, 2, 3) })],
    ['unsupported', wavFile({ rate: 96_000, data: Uint8Array.of(1, 2) })],
    ['unsupported', wavFile({ channels: 6, data: Uint8Array.of(1, 2) })],
    ['truncated', wavFile({ data: Uint8Array.of(1, 2) }).subarray(0, 36)],
  ])('refuses with %s', (code, bytes) => {
    const result = parseWav(bytes, 1_000);
    expect(result.ok ? 'ok' : result.code).toBe(code);
  });

  it('never throws, wherever the file is cut and whatever is changed in it', () => {
    const random = new SeededRandom(11);
    const file = wavFile({ data: Uint8Array.from({ length: 60 }, (_, i) => i), extra: true });
    for (let cut = 0; cut <= file.length; cut++) expect(parseWav(file.subarray(0, cut), 1_000)).toBeDefined();
    for (let round = 0; round < 2_000; round++) {
      const damaged = file.slice();
      for (let n = random.integer(4); n >= 0; n--) damaged[random.integer(44)] = random.integer(256);
      expect(parseWav(damaged, 1_000)).toBeDefined();
    }
  });
});

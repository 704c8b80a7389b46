import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { WavStream } from './wav-stream.js';

interface Header {
  readonly encoding?: number;
  readonly channels?: number;
  readonly bits?: number;
  readonly dataLength?: number;
  readonly extra?: Buffer;
}

function wav(samples: readonly number[], header: Header = {}): Buffer {
  const {
    encoding = 1,
    channels = 1,
    bits = 16,
    dataLength = samples.length * 2,
    extra = Buffer.alloc(0),
  } = header;
  const start = Buffer.alloc(36);
  start.write('RIFF', 0);
  start.write('WAVEfmt ', 8);
  start.writeUInt32LE(16, 16);
  start.writeUInt16LE(encoding, 20);
  start.writeUInt16LE(channels, 22);
  start.writeUInt32LE(22_050, 24);
  start.writeUInt16LE(bits, 34);
  const data = Buffer.alloc(8 + samples.length * 2);
  data.write('data', 0);
  data.writeUInt32LE(dataLength, 4);
  samples.forEach((sample, i) => data.writeInt16LE(sample, 8 + 2 * i));
  return Buffer.concat([start, extra, data]);
}

const samples = [0, 1, -1, 32_767, -32_768, 12_345];

function read(...pieces: Uint8Array[]): number[] | string {
  const stream = new WavStream();
  const all: number[] = [];
  for (const piece of pieces) {
    const part = stream.write(piece);
    if (part instanceof Error) return part.message;
    all.push(...part);
  }
  return all;
}

describe('WavStream', () => {
  it('gives the same samples wherever the file is cut in two', () => {
    const file = wav(samples, { extra: Buffer.from('LIST\x03\0\0\0abc\0', 'latin1') });
    for (let cut = 0; cut <= file.length; cut++) {
      expect(read(file.subarray(0, cut), file.subarray(cut))).toEqual(samples);
    }
    expect(read(...Array.from(file, (_, i) => file.subarray(i, i + 1)))).toEqual(samples);
  });

  it('tells the rate once the header is there', () => {
    const stream = new WavStream();
    expect(stream.format).toBeNull();
    stream.write(wav(samples));
    expect(stream.format).toEqual({ sampleRateHz: 22_050 });
  });

  it.each([0, 0x7fff_f000, 0xffff_ffff])(
    'reads to the end when a pipe gave the length as %i',
    (dataLength) => {
      expect(read(wav(samples, { dataLength }))).toEqual(samples);
    },
  );

  it('stops at the end of the data where that is known', () => {
    expect(read(wav(samples, { dataLength: 4 }))).toEqual([0, 1]);
  });

  it.each<[string, Buffer, string]>([
    ['another kind of file', Buffer.from('OggS and so on, and on'), 'not a WAV file'],
    ['stereo', wav(samples, { channels: 2 }), '2 channels'],
    ['8 bits', wav(samples, { bits: 8 }), '8 bits'],
    ['floats', wav(samples, { encoding: 3 }), 'encoding 3'],
    [
      'an endless header',
      wav([], { extra: Buffer.from(`LIST\xff\xff\0\0${'x'.repeat(5_000)}`, 'latin1') }),
      'no audio',
    ],
    [
      'data before its format',
      Buffer.concat([wav([]).subarray(0, 12), wav([1]).subarray(36)]),
      'before its format',
    ],
  ])('refuses %s', (_, file, message) => {
    expect(read(file)).toContain(message);
  });

  it('takes any octets without throwing', () => {
    const random = new SeededRandom(7);
    for (let i = 0; i < 2_000; i++) {
      const file = wav(samples, { extra: Buffer.from(random.hex(random.integer(8)), 'hex') });
      for (let n = random.integer(6); n > 0; n--) file[random.integer(file.length)] = random.integer(256);
      const cut = random.integer(file.length);
      const result = read(file.subarray(0, cut), file.subarray(cut));
      expect(typeof result === 'string' || result.length <= file.length / 2).toBe(true);
    }
  });
});

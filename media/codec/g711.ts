import type { WireEncoding } from '../speech/audio-clip.js';

/** The two companding laws of ITU-T G.711, by their RFC 3551 names. */
export type G711Law = Extract<WireEncoding, 'PCMU' | 'PCMA'>;

/** Added to a 16-bit magnitude so that every mu-law segment starts at a power of two (33 in the 14-bit G.711 scale). */
const muLawBias = 132;
const muLawMaxBiased = 0x7fff;

function muLawFromLinear(sample: number): number {
  // Negative values mirror by one's complement, as in the ITU-T G.191 reference, so that both halves are alike.
  const biased = Math.min((sample < 0 ? ~sample : sample) + muLawBias, muLawMaxBiased);
  const segment = 24 - Math.clz32(biased);
  const code = (segment << 4) | ((biased >> (segment + 3)) & 0x0f);
  return (sample < 0 ? code : code | 0x80) ^ 0x7f;
}

function muLawToLinear(octet: number): number {
  const code = octet ^ 0x7f;
  const segment = (code >> 4) & 0x07;
  const magnitude = ((((code & 0x0f) << 3) + muLawBias) << segment) - muLawBias;
  return code & 0x80 ? magnitude : -magnitude;
}

function aLawFromLinear(sample: number): number {
  const magnitude = (sample < 0 ? ~sample : sample) >> 4;
  const segment = magnitude < 16 ? 0 : 28 - Math.clz32(magnitude);
  const code = (segment << 4) | ((magnitude >> Math.max(0, segment - 1)) & 0x0f);
  // G.711 inverts the even bits of every A-law octet on the line.
  return (sample < 0 ? code : code | 0x80) ^ 0x55;
}

function aLawToLinear(octet: number): number {
  const code = octet ^ 0x55;
  const segment = (code >> 4) & 0x07;
  const step = ((code & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return code & 0x80 ? magnitude : -magnitude;
}

function encodeTable(encode: (sample: number) => number): Uint8Array {
  return Uint8Array.from({ length: 65_536 }, (_, index) => encode((index << 16) >> 16));
}

function decodeTable(decode: (octet: number) => number): Int16Array {
  return Int16Array.from({ length: 256 }, (_, octet) => decode(octet));
}

const encodeTables = { PCMU: encodeTable(muLawFromLinear), PCMA: encodeTable(aLawFromLinear) } as const;
const decodeTables = { PCMU: decodeTable(muLawToLinear), PCMA: decodeTable(aLawToLinear) } as const;

/** The octet of digital silence: the code of linear 0. */
export const g711Silence = { PCMU: 0xff, PCMA: 0xd5 } as const;

/** Encodes `samples` into `target` from `targetOffset`, one octet a sample; both are the caller's. */
export function encodeG711(law: G711Law, samples: Int16Array, target: Uint8Array, targetOffset = 0): void {
  const table = encodeTables[law];
  for (let i = 0; i < samples.length; i++)
    target[targetOffset + i] = table[(samples[i] as number) & 0xffff] as number;
}

/** Decodes `octets[start..end)` into `target` from `targetStart`; returns how many samples were written. */
export function decodeG711(
  law: G711Law,
  octets: Uint8Array,
  start: number,
  end: number,
  target: Int16Array,
  targetStart = 0,
): number {
  const table = decodeTables[law];
  const shift = targetStart - start;
  for (let i = start; i < end; i++) target[i + shift] = table[octets[i] as number] as number;
  return end - start;
}

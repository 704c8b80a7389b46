import { describe, expect, it } from 'vitest';
import { decodeG711, encodeG711, g711Silence, type G711Law } from './g711.js';

const allSamples = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
const allOctets = Uint8Array.from({ length: 256 }, (_, i) => i);

/** Lower decision values of G.711 table 2a (mu-law, 14-bit scale): 0, 1, 3 … 31, 35 … 95, 103 … */
function muLawDecisionValues(): number[] {
  const values = [0];
  for (let segment = 0, at = 1; segment < 8; segment++)
    for (let step = segment === 0 ? 1 : 0; step < 16; step++) {
      values.push(at);
      at += 2 << segment;
    }
  return values;
}

/** Lower decision values of G.711 table 1a (A-law, 13-bit scale): 0, 2, 4 … 64, 68 … 128, 136 … */
function aLawDecisionValues(): number[] {
  const values: number[] = [];
  let at = 0;
  for (let segment = 0; segment < 8; segment++)
    for (let step = 0; step < 16; step++) {
      values.push(at);
      at += segment === 0 ? 2 : 2 << (segment - 1);
    }
  return values;
}

function intervalOf(magnitude: number, lowerBounds: number[]): number {
  let interval = 0;
  while (interval + 1 < lowerBounds.length && (lowerBounds[interval + 1] ?? Infinity) <= magnitude)
    interval++;
  return interval;
}

const references: Record<G711Law, (sample: number) => number> = {
  PCMU: (() => {
    const bounds = muLawDecisionValues();
    return (sample) => {
      const interval = intervalOf((sample < 0 ? -sample - 1 : sample) >> 2, bounds);
      return (sample < 0 ? 127 : 255) - interval;
    };
  })(),
  PCMA: (() => {
    const bounds = aLawDecisionValues();
    return (sample) => {
      const interval = intervalOf((sample < 0 ? -sample - 1 : sample) >> 3, bounds);
      return ((sample < 0 ? 0 : 128) + interval) ^ 0x55;
    };
  })(),
};

describe.each(['PCMU', 'PCMA'] as const)('%s', (law) => {
  it('encodes all 65,536 samples into the interval of the G.711 decision values', () => {
    const encoded = new Uint8Array(allSamples.length);
    encodeG711(law, allSamples, encoded);
    const wrong = allSamples.findIndex((sample, i) => encoded[i] !== references[law](sample));
    expect(wrong).toBe(-1);
  });

  it('decodes every octet to a value that encodes to the same octet (G.711 2.2), negative zero aside', () => {
    const samples = new Int16Array(256);
    expect(decodeG711(law, allOctets, 0, 256, samples)).toBe(256);
    const again = new Uint8Array(256);
    encodeG711(law, samples, again);
    const changed = allOctets.filter((octet) => again[octet] !== octet);
    expect([...changed]).toEqual(law === 'PCMU' ? [0x7f] : []);
  });

  it('decodes within half a step of the input', () => {
    const encoded = new Uint8Array(allSamples.length);
    encodeG711(law, allSamples, encoded);
    const decoded = new Int16Array(allSamples.length);
    decodeG711(law, encoded, 0, encoded.length, decoded);
    const worst = allSamples.reduce(
      (most, sample, i) => Math.max(most, Math.abs(sample - (decoded[i] ?? 0)) / (Math.abs(sample) + 128)),
      0,
    );
    expect(worst).toBeLessThan(0.065);
  });

  it('silence is the code of zero', () => {
    const encoded = new Uint8Array(1);
    encodeG711(law, new Int16Array(1), encoded);
    expect(encoded[0]).toBe(g711Silence[law]);
  });
});

it.each([
  ['PCMU', 0x00, -32_124],
  ['PCMU', 0x80, 32_124],
  ['PCMU', 0xff, 0],
  ['PCMA', 0xd5, 8],
  ['PCMA', 0x55, -8],
  ['PCMA', 0xaa, 32_256],
] as const)('%s octet %i decodes to %i, the value of the G.711 tables', (law, octet, value) => {
  const samples = new Int16Array(1);
  decodeG711(law, Uint8Array.of(octet), 0, 1, samples);
  expect(samples[0]).toBe(value);
});

import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { canResample, resample, Resampler } from './resampler.js';

function sine(frequencyHz: number, rateHz: number, seconds: number, amplitude = 10_000): Int16Array {
  return Int16Array.from({ length: Math.round(rateHz * seconds) }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz)),
  );
}

/** Amplitude of one frequency in the middle of a signal, by correlation. */
function amplitudeAt(samples: Int16Array, frequencyHz: number, rateHz: number): number {
  const edge = Math.round(rateHz * 0.02);
  let re = 0;
  let im = 0;
  for (let i = edge; i < samples.length - edge; i++) {
    const angle = (2 * Math.PI * frequencyHz * i) / rateHz;
    re += (samples[i] ?? 0) * Math.cos(angle);
    im += (samples[i] ?? 0) * Math.sin(angle);
  }
  return (2 * Math.hypot(re, im)) / (samples.length - 2 * edge);
}

function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
}

const decibel = (ratio: number) => 20 * Math.log10(Math.max(ratio, 1e-9));

const pairs = [
  [8_000, 16_000],
  [16_000, 8_000],
  [22_050, 8_000],
  [24_000, 8_000],
  [44_100, 8_000],
  [48_000, 16_000],
  [22_050, 16_000],
  [8_000, 24_000],
] as const;

describe.each(pairs)('%i Hz to %i Hz', (from, to) => {
  const lower = Math.min(from, to);

  it.each([0.05, 0.2, 0.35, 0.41])('keeps %f of the lower rate within 0.1 dB', (part) => {
    const frequency = Math.round((lower * part) / 50) * 50;
    const output = resample(sine(frequency, from, 0.22), from, to);
    expect(Math.abs(decibel(amplitudeAt(output, frequency, to) / 10_000))).toBeLessThan(0.1);
  });

  it('keeps a constant constant', () => {
    const output = resample(new Int16Array(from / 10).fill(12_345), from, to);
    const middle = output.subarray(output.length / 4, (output.length * 3) / 4);
    expect(Math.max(...middle.map((s) => Math.abs(s - 12_345)))).toBeLessThanOrEqual(1);
  });

  it('is aligned with its input: no delay is left in a whole utterance', () => {
    const output = resample(sine(200, from, 0.2), from, to);
    const expected = sine(200, to, 0.2);
    const edge = Math.round(to * 0.01);
    let worst = 0;
    for (let i = edge; i < expected.length - edge; i++)
      worst = Math.max(worst, Math.abs((output[i] ?? 0) - (expected[i] ?? 0)));
    expect(worst).toBeLessThan(60);
  });
});

describe('what lies above the new Nyquist frequency', () => {
  it.each([
    [16_000, 8_000, 4_400],
    [16_000, 8_000, 6_000],
    [24_000, 8_000, 4_400],
    [48_000, 16_000, 9_000],
    [44_100, 8_000, 10_000],
  ])('%i to %i: a tone of %i Hz falls by 60 dB instead of aliasing', (from, to, frequency) => {
    const output = resample(sine(frequency, from, 0.3), from, to);
    const middle = output.subarray(to * 0.05, to * 0.25);
    expect(decibel(rms(middle) / (10_000 / Math.SQRT2))).toBeLessThan(-60);
  });

  it('8 to 16 kHz leaves no image of a 3 kHz tone at 5 kHz', () => {
    const output = resample(sine(3_000, 8_000, 0.3), 8_000, 16_000);
    expect(decibel(amplitudeAt(output, 5_000, 16_000) / 10_000)).toBeLessThan(-60);
  });
});

describe('streaming', () => {
  it('gives the same samples however the input is cut', () => {
    const random = new SeededRandom(3);
    const input = sine(700, 22_050, 0.3);
    const whole = resample(input, 22_050, 8_000);
    const resampler = new Resampler(22_050, 8_000);
    const output: number[] = [];
    for (let at = 0; at < input.length;) {
      const size = 1 + random.integer(500);
      output.push(...resampler.process(input.subarray(at, at + size)));
      at += size;
    }
    output.push(...resampler.flush());
    expect(output.slice(0, whole.length)).toEqual([...whole]);
  });

  it('lags by delayMs: an impulse that went in has come out after it, not before', () => {
    const resampler = new Resampler(16_000, 8_000);
    expect(resampler.delayMs).toBeCloseTo(3, 1);
    const impulse = new Int16Array(320);
    impulse[0] = 30_000;
    const output = resampler.process(impulse);
    expect(output.length).toBeGreaterThanOrEqual(160 - 24);
    expect(output[0]).toBeGreaterThan(10_000);
  });

  it('clips instead of wrapping round', () => {
    const square = Int16Array.from({ length: 800 }, (_, i) => (Math.floor(i / 20) % 2 ? 32_767 : -32_768));
    const output = resample(square, 8_000, 16_000);
    for (let i = 300; i < 1_300; i++)
      expect(Math.abs((output[i] ?? 0) - (output[i - 1] ?? 0))).toBeLessThan(60_000);
  });
});

it('names the rates that it cannot convert', () => {
  expect(canResample(8_000, 11_025)).toBe(false);
  expect(() => new Resampler(11_025, 8_000)).toThrow('cannot resample 11025 Hz to 8000 Hz');
});

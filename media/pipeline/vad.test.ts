import { beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { syntheticVoice } from '../worker/testing/voice.js';
import { EnergyFloor, powerDb } from './energy-floor.js';
import { FvadFactory } from './vad.js';

function noise(seconds: number, peak: number): Int16Array {
  const random = new SeededRandom(21);
  return Int16Array.from({ length: seconds * 8_000 }, () => random.integer(2 * peak + 1) - peak);
}

function mix(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, i) => sample + (b[i] ?? 0));
}

describe('FvadFactory', () => {
  let factory: FvadFactory;
  beforeAll(async () => {
    factory = await FvadFactory.load();
  });

  /** Part of the 20 ms frames that are speech. */
  function speechPart(samples: Int16Array, settle = noise(1, 20)): number {
    const detector = factory.create(8_000);
    let speech = 0;
    for (let at = 0; at + 160 <= settle.length; at += 160) detector.isSpeech(settle.subarray(at, at + 160));
    for (let at = 0; at + 160 <= samples.length; at += 160)
      if (detector.isSpeech(samples.subarray(at, at + 160))) speech++;
    detector.close();
    return speech / Math.floor(samples.length / 160);
  }

  it('hears a voice, also above background noise', () => {
    expect(speechPart(syntheticVoice(2))).toBeGreaterThan(0.95);
    expect(speechPart(mix(syntheticVoice(2), noise(2, 600)), noise(1, 600))).toBeGreaterThan(0.8);
  });

  it.each([
    ['digital silence', new Int16Array(16_000), noise(1, 20)],
    ['a quiet line', noise(2, 30), noise(1, 20)],
    ['steady loud noise, once it is known', noise(2, 2_000), noise(8, 2_000)],
    ['a voice far too quiet', syntheticVoice(2).map((s) => s / 400), noise(1, 20)],
  ])('does not take %s for speech', (_, samples, settle) => {
    expect(speechPart(samples, settle)).toBeLessThan(0.1);
  });

  it('takes 10, 20 and 30 ms frames, and 16 kHz', () => {
    const detector = factory.create(16_000);
    const voice = syntheticVoice(1, 16_000);
    let speech = 0;
    for (const length of [160, 320, 480])
      for (let at = 0; at + length <= voice.length; at += length)
        if (detector.isSpeech(voice.subarray(at, at + length))) speech++;
    expect(speech).toBeGreaterThan(150);
    detector.close();
  });

  it('frees detectors: a thousand one after another, none left open, and a closed one says no', () => {
    const before = factory.openDetectors;
    for (let i = 0; i < 1_000; i++) {
      const detector = factory.create(8_000);
      detector.close();
      detector.close();
      expect(detector.isSpeech(syntheticVoice(0.02))).toBe(false);
    }
    expect(factory.openDetectors).toBe(before);
  });

  it('refuses rates that it cannot run at', () => {
    expect(() => factory.create(22_050)).toThrow('22050 Hz');
  });
});

describe('EnergyFloor', () => {
  it('measures power in dB under full scale', () => {
    expect(powerDb(new Int16Array(160).fill(-32_768))).toBeCloseTo(0, 3);
    expect(powerDb(new Int16Array(160).fill(3_277))).toBeCloseTo(-20, 1);
    expect(powerDb(new Int16Array(160))).toBe(-96);
  });

  it('follows the background down within a few frames and up within seconds', () => {
    const floor = new EnergyFloor();
    const quiet = noise(0.02, 30);
    const loud = noise(0.02, 1_000);
    for (let i = 0; i < 300; i++) floor.isAbove(loud);
    expect(floor.isAbove(loud)).toBe(false);
    for (let i = 0; i < 15; i++) floor.isAbove(quiet);
    expect(floor.isAbove(loud)).toBe(true);
  });

  it('one second of speech does not lift the floor to the speech', () => {
    const floor = new EnergyFloor();
    const voice = syntheticVoice(1);
    let above = 0;
    for (let at = 0; at < voice.length; at += 160) if (floor.isAbove(voice.subarray(at, at + 160))) above++;
    expect(above).toBe(50);
  });
});

import { describe, expect, it } from 'vitest';
import { FliteEngine } from './flite-engine.js';
import { SilenceTrimmer } from './silence-trimmer.js';
import { fliteVoices, type FliteVoice } from './voices.js';

const sampleRateHz = 8_000;
const samplesPerMs = sampleRateHz / 1_000;

/** `s300 t50` is 300 ms of near-silence and 50 ms of tone. */
function piece(script: string): Int16Array {
  const parts = script.split(' ').filter((part) => part !== '');
  return Int16Array.from(
    parts.flatMap((part) => {
      const peak = part.startsWith('t') ? 8_000 : 60;
      return Array.from({ length: Number(part.slice(1)) * samplesPerMs }, (_, i) =>
        Math.round(peak * Math.sin(i)),
      );
    }),
  );
}

/** The lengths of silence and tone in what came out, as a script. */
function scriptOf(samples: Int16Array): string {
  const runs: { kind: string; ms: number }[] = [];
  for (let at = 0; at < samples.length; at += 5 * samplesPerMs) {
    const frame = samples.subarray(at, at + 5 * samplesPerMs);
    const kind = frame.some((sample) => Math.abs(sample) > 1_000) ? 't' : 's';
    const last = runs.at(-1);
    if (last?.kind === kind) last.ms += 5;
    else runs.push({ kind, ms: 5 });
  }
  return runs.map(({ kind, ms }) => `${kind}${ms}`).join(' ');
}

const trim = (pieces: readonly Int16Array[], rateHz = sampleRateHz): Int16Array => {
  const trimmer = new SilenceTrimmer(rateHz);
  return Int16Array.from(pieces.flatMap((one, i) => [...trimmer.write(one, i === pieces.length - 1)]));
};

describe('SilenceTrimmer', () => {
  it.each<[string, string[], string]>([
    ['keeps 10 ms before the sound and 60 ms after it', ['s230 t50 s200'], 's10 t50 s60'],
    ['keeps what is less than that', ['t50 s40'], 't50 s40'],
    ['keeps pauses inside a piece, however long', ['s230 t50 s500 t50 s200'], 's10 t50 s500 t50 s60'],
    ['keeps a pause between pieces as it is', ['s230 t50 s100', 's200 t50 s90'], 's10 t50 s300 t50 s60'],
    ['cuts it to 350 ms', ['s230 t50 s200', 's230 t50 s200'], 's10 t50 s350 t50 s60'],
    ['a silent piece lengthens the pause', ['t50 s100', 's100', 's100 t50'], 't50 s300 t50'],
    ['which stays within its bound', ['t50 s200', 's300', 's300', 's200 t50'], 't50 s350 t50'],
    ['a silent piece at the start is cut', ['s185', 's200 t50 s90'], 's10 t50 s60'],
    ['a silent piece at the end is cut', ['s200 t50 s90', 's185'], 's10 t50 s60'],
    ['an utterance of silence is 60 ms long', ['s185', 's185'], 's60'],
    ['an empty piece is nothing', ['', 's200 t50 s90', ''], 's10 t50 s60'],
    ['and so is an utterance of them', ['', ''], ''],
  ])('%s', (_, pieces, expected) => {
    expect(scriptOf(trim(pieces.map(piece)))).toBe(expected);
  });

  it('hands out the sound as it came, and of a piece that is not the last its sound at once', () => {
    const trimmer = new SilenceTrimmer(sampleRateHz);
    const tone = piece('s30 t45 s33');
    const ms = (from: number, to: number) => tone.subarray(from * samplesPerMs, to * samplesPerMs);
    expect(trimmer.write(tone, false)).toEqual(ms(20, 80));
    expect(trimmer.write(new Int16Array(0), true)).toEqual(ms(80, 108));
  });
});

describe('what flite says', () => {
  const texts = ['Four.', 'His file.', 'Thank you, see you soon.', 'Press one.', 'What are your hours?'];

  /** Energy of the 10 ms frames that can be heard: 53 dB below full scale and more. */
  function audibleEnergy(samples: Int16Array, frame: number): number {
    let audible = 0;
    for (let at = 0; at < samples.length; at += frame) {
      const part = samples.subarray(at, at + frame);
      const energy = part.reduce((sum, sample) => sum + sample * sample, 0);
      if (Math.sqrt(energy / part.length) > 70) audible += energy;
    }
    return audible;
  }

  it.each(Object.keys(fliteVoices) as FliteVoice[])(
    'by %s sounds within 20 ms, ends within 80 ms of its sound, and loses nothing that can be heard',
    async (voice) => {
      const engine = await FliteEngine.load();
      const rateHz = fliteVoices[voice].sampleRateHz;
      const frame = rateHz / 100;
      let cut = 0;
      for (const text of texts) {
        const spoken = engine.speak(text, { voice, speed: 1, pitch: 1 });
        const trimmed = trim([spoken], rateHz);
        expect(audibleEnergy(trimmed.subarray(0, 2 * frame), frame)).toBeGreaterThan(0);
        expect(audibleEnergy(trimmed.subarray(-8 * frame), frame)).toBeGreaterThan(0);
        expect(audibleEnergy(trimmed, frame)).toBe(audibleEnergy(spoken, frame));
        cut += spoken.length - trimmed.length;
      }
      // 100 ms of each; kal begins some words with a click that is no silence.
      expect(cut).toBeGreaterThan(texts.length * 10 * frame);
    },
  );

  it('is safe when there is nothing to say', async () => {
    const engine = await FliteEngine.load();
    for (const voice of Object.keys(fliteVoices) as FliteVoice[]) {
      const silent = trim(
        [engine.speak('...', { voice, speed: 1, pitch: 1 })],
        fliteVoices[voice].sampleRateHz,
      );
      expect(silent.length).toBeLessThanOrEqual((fliteVoices[voice].sampleRateHz * 60) / 1_000);
    }
  });
});

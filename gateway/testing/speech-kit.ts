import { readFileSync, writeFileSync } from 'node:fs';

import { resample } from '../../media/codec/resampler.js';
import { parseWav, serializeWav } from '../../media/codec/wav.js';
import type { Grammar } from '../../media/speech/grammar/grammar.js';
import type { Recognizer } from '../../media/speech/recognizer.js';
import type { Synthesizer } from '../../media/speech/synthesizer.js';

const lineRateHz = 8_000;
const maxWavBytes = 64 * 1_048_576;
/** Silence between two stretches of speech that are recognised on their own. */
const gapMs = 600;

/** Speaks a line with an engine; 8 kHz samples. */
export function speakLine(engine: Synthesizer, text: string): Promise<Int16Array> {
  const chunks: Int16Array[] = [];
  const [rateHz = lineRateHz] = engine.capabilities.sampleRatesHz;
  return new Promise((resolve, reject) => {
    engine.speak(
      {
        text,
        format: 'text',
        language: 'en-US',
        voice: '',
        speed: 1,
        pitch: 1,
        volume: 1,
        sampleRateHz: rateHz,
        extras: {},
      },
      {
        onAudio: (samples) => void chunks.push(samples.slice()),
        onMark: () => undefined,
        onEnd: () => resolve(resample(joined(chunks), rateHz, lineRateHz)),
        onError: reject,
      },
      new AbortController().signal,
    );
  });
}

/** Playing time of 8 kHz samples. */
export function durationMs(samples: Int16Array): number {
  return (samples.length / lineRateHz) * 1_000;
}

/** A caller's side of a call: lines at their times, silence (with the faintest noise) between, `totalMs` long. */
export function timeline(
  lines: readonly { readonly atMs: number; readonly samples: Int16Array }[],
  totalMs: number,
): Int16Array {
  const audio = new Int16Array(Math.ceil((totalMs / 1_000) * lineRateHz));
  for (let i = 0; i < audio.length; i++) audio[i] = (i * 7_919) % 13 < 6 ? 2 : -2;
  for (const { atMs, samples } of lines) audio.set(samples, Math.round((atMs / 1_000) * lineRateHz));
  return audio;
}

export function writeSpeech(file: string, samples: Int16Array): void {
  writeFileSync(file, serializeWav({ sampleRateHz: lineRateHz, samples }));
}

/** Samples of a recording at 8 kHz. */
export function readSpeech(file: string): Int16Array {
  const read = parseWav(readFileSync(file), maxWavBytes);
  if (!read.ok) throw new Error(`${file}: ${read.message}`);
  const { sampleRateHz, samples } = read.audio;
  return sampleRateHz === lineRateHz ? samples : resample(samples, sampleRateHz, lineRateHz);
}

/** What a recogniser hears in a recording, one text for each stretch of speech. */
export async function transcribe(
  recognizer: Recognizer,
  grammar: Grammar,
  samples: Int16Array,
): Promise<string[]> {
  const texts: string[] = [];
  for (const { from, to } of stretches(samples))
    texts.push(await recognizeOnce(recognizer, grammar, samples.subarray(from, to)));
  return texts;
}

function recognizeOnce(recognizer: Recognizer, grammar: Grammar, samples: Int16Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = {
      sessionId: 'test',
      sampleRateHz: lineRateHz,
      language: 'en-US',
      grammars: [grammar],
      hints: [],
      interimResults: false,
      nBest: 1,
    };
    const handle = recognizer.recognize(
      request,
      {
        onPartial: () => undefined,
        onWarning: () => undefined,
        onFinal: (result) => resolve(result.alternatives[0]?.text ?? ''),
        onError: reject,
      },
      new AbortController().signal,
    );
    for (let at = 0; at < samples.length; at += 160)
      handle.writeFrame({ samples: samples.slice(at, at + 160), sampleRateHz: lineRateHz, timestamp: at });
    handle.stop();
  });
}

/** Stretches with sound, by the energy of 20 ms frames, with a little silence around each. */
export function stretches(samples: Int16Array): { readonly from: number; readonly to: number }[] {
  const frame = 160;
  const gapFrames = (gapMs / 1_000) * (lineRateHz / frame);
  const found: { from: number; to: number }[] = [];
  let quiet = gapFrames;
  for (let at = 0; at + frame <= samples.length; at += frame) {
    if (meanLevel(samples, at, at + frame) < 100) {
      quiet++;
      continue;
    }
    const last = found[found.length - 1];
    if (!last || quiet >= gapFrames) found.push({ from: Math.max(0, at - 10 * frame), to: at + 11 * frame });
    else last.to = at + 11 * frame;
    quiet = 0;
  }
  return found;
}

function meanLevel(samples: Int16Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.abs(samples[i] ?? 0);
  return sum / (to - from);
}

function joined(chunks: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

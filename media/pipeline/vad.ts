import createFvad, { type FvadModule } from '@echogarden/fvad-wasm';
import { EnergyFloor } from './energy-floor.js';

/** Says of each frame whether somebody speaks; holds memory outside the JavaScript heap until `close`. */
export interface VoiceActivityDetector {
  /** `samples` are 10, 20 or 30 ms of audio at the detector's rate. */
  isSpeech(samples: Int16Array): boolean;
  close(): void;
}

/** Makes detectors for one thread. */
export interface VadFactory {
  /** Rates: 8000, 16000, 32000 or 48000 Hz; throws RangeError for others. */
  create(sampleRateHz: number): VoiceActivityDetector;
}

/** WebRTC's aggressiveness: 2 of 0 to 3; 0 and 1 take noise for speech. */
const fvadMode = 2;
const maxFrameSamples = 1_440;

/**
 * WebRTC's detector and our energy floor, both of which must say "speech".
 *
 * Measured apart, the first is fooled by pink noise and the second by modulated noise; they err on different frames.
 */
class CombinedDetector implements VoiceActivityDetector {
  readonly #module: FvadModule;
  readonly #energy = new EnergyFloor();
  readonly #frame: number;
  readonly #onClose: () => void;
  #handle: number;

  constructor(module: FvadModule, handle: number, frame: number, onClose: () => void) {
    this.#module = module;
    this.#handle = handle;
    this.#frame = frame;
    this.#onClose = onClose;
  }

  isSpeech(samples: Int16Array): boolean {
    // Both run on every frame, because both adapt to what they hear.
    const loud = this.#energy.isAbove(samples);
    if (this.#handle === 0 || samples.length > maxFrameSamples) return false;
    this.#module.HEAP16.set(samples, this.#frame >> 1);
    return this.#module._fvad_process(this.#handle, this.#frame, samples.length) === 1 && loud;
  }

  close(): void {
    if (this.#handle === 0) return;
    this.#module._fvad_free(this.#handle);
    this.#handle = 0;
    this.#onClose();
  }
}

/** The WebAssembly detector of one thread; detectors share its memory and one frame buffer in it. */
export class FvadFactory implements VadFactory {
  readonly #module: FvadModule;
  readonly #frame: number;
  #open = 0;

  private constructor(module: FvadModule) {
    this.#module = module;
    this.#frame = module._malloc(maxFrameSamples * 2);
  }

  static async load(): Promise<FvadFactory> {
    return new FvadFactory(await createFvad());
  }

  /** Detectors not closed yet. */
  get openDetectors(): number {
    return this.#open;
  }

  create(sampleRateHz: number): VoiceActivityDetector {
    const handle = this.#module._fvad_new();
    if (handle === 0) throw new RangeError('no memory for another voice-activity detector');
    if (this.#module._fvad_set_sample_rate(handle, sampleRateHz) !== 0) {
      this.#module._fvad_free(handle);
      throw new RangeError(`voice-activity detection cannot run at ${sampleRateHz} Hz`);
    }
    this.#module._fvad_set_mode(handle, fvadMode);
    this.#open++;
    return new CombinedDetector(this.#module, handle, this.#frame, () => void this.#open--);
  }
}

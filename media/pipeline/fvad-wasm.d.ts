declare module '@echogarden/fvad-wasm' {
  /** The C interface of libfvad as Emscripten exports it; pointers are offsets into the heap. */
  export interface FvadModule {
    /** Replaced when the memory grows: read it anew for every use. */
    readonly HEAP16: Int16Array;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    /** 0 when out of memory. */
    _fvad_new(): number;
    _fvad_free(handle: number): void;
    _fvad_reset(handle: number): void;
    /** 0 (quality) to 3 (very aggressive); -1 when refused. */
    _fvad_set_mode(handle: number, mode: number): number;
    /** 8000, 16000, 32000 or 48000; -1 when refused. */
    _fvad_set_sample_rate(handle: number, rateHz: number): number;
    /** 1 speech, 0 none, -1 for a frame that is not 10, 20 or 30 ms long. */
    _fvad_process(handle: number, frame: number, samples: number): number;
  }
  const createModule: () => Promise<FvadModule>;
  export default createModule;
}

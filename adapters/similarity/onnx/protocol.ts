/** What the thread is started with. */
export interface OnnxThreadData {
  readonly directory: string;
  /** Path of the package `onnxruntime-node`; null = the one that Node finds from here. */
  readonly runtimeModule: string | null;
}

export type OnnxCommand =
  /** Loads the model, unless it is loaded. */
  | { readonly type: 'load'; readonly id: number }
  | { readonly type: 'embed'; readonly id: number; readonly texts: readonly string[] };

/** One for each command. */
export type OnnxReport =
  | { readonly type: 'loaded'; readonly id: number; readonly modelId: string }
  | { readonly type: 'embedded'; readonly id: number; readonly vectors: readonly Float32Array[] }
  /** The message is for the operator. */
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { SimilarityError } from '../similarity-error.js';

/** What is used of `onnxruntime-node`, which is no dependency: 290 MB, of which most never need anything. */
export interface OnnxTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
}

export interface OnnxRuntime {
  readonly InferenceSession: {
    create(file: string, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: string, data: BigInt64Array, dims: readonly number[]) => OnnxTensor;
}

const install = 'ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node';

/** Loads the package from a path, or as Node finds it from here; rejects with SimilarityError that says how to install it. */
export async function loadRuntime(runtimeModule: string | null): Promise<OnnxRuntime> {
  const wanted = runtimeModule ?? 'onnxruntime-node';
  let loaded: unknown;
  try {
    const file = createRequire(import.meta.url).resolve(wanted);
    loaded = await import(pathToFileURL(file).href);
  } catch (err) {
    const reason = err instanceof Error ? (err.message.split('\n')[0] ?? '') : String(err);
    throw new SimilarityError(
      'unavailable',
      `similarity.scorer onnx needs onnxruntime-node, which cannot be loaded (${reason}): run ${install}`,
      { cause: err },
    );
  }
  const runtime = hasDefault(loaded) ? loaded.default : loaded;
  if (isRuntime(runtime)) return runtime;
  throw new SimilarityError('unavailable', `${wanted} is not onnxruntime-node: run ${install}`);
}

function hasDefault(module: unknown): module is { readonly default: unknown } {
  return typeof module === 'object' && module !== null && 'default' in module;
}

function isRuntime(module: unknown): module is OnnxRuntime {
  return typeof module === 'object' && module !== null && 'InferenceSession' in module && 'Tensor' in module;
}

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { similarityLimits } from '../../../config/limits.js';
import { SimilarityError } from '../similarity-error.js';

/** How the vectors of a text's tokens become one. */
export type Pooling = 'cls' | 'mean' | 'max';

/** A sentence-embedding model as it is published: a directory with an ONNX file and the tokenizer's files. */
export interface ModelDirectory {
  readonly modelFile: string;
  /** The parsed `tokenizer.json`. */
  readonly tokenizer: object;
  /** The parsed `tokenizer_config.json`; empty where there is none. */
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
  readonly pooling: Pooling;
  /** Longer texts are cut; 3 to `similarityLimits.modelTokens`. */
  readonly maxTokens: number;
}

const modelFiles = ['onnx/model.onnx', 'model.onnx', 'onnx/model_quantized.onnx', 'model_quantized.onnx'];

/** Reads everything but the model itself; rejects with SimilarityError that names the file and the fix. */
export async function readModelDirectory(directory: string): Promise<ModelDirectory> {
  const modelFile = await findModel(directory);
  const [tokenizer, tokenizerConfig, sentenceConfig, config, pooling] = await Promise.all(
    [
      'tokenizer.json',
      'tokenizer_config.json',
      'sentence_bert_config.json',
      'config.json',
      '1_Pooling/config.json',
    ].map((name) => readJson(directory, name)),
  );
  if (!tokenizer)
    throw unusable(directory, 'has no tokenizer.json', 'export the model with its fast tokenizer');
  return {
    modelFile,
    tokenizer,
    tokenizerConfig: tokenizerConfig ?? {},
    pooling: poolingOf(directory, pooling ?? {}),
    maxTokens: maxTokensOf([
      sentenceConfig?.['max_seq_length'],
      tokenizerConfig?.['model_max_length'],
      config?.['max_position_embeddings'],
    ]),
  };
}

async function findModel(directory: string): Promise<string> {
  for (const name of modelFiles) {
    const file = join(directory, name);
    const facts = await stat(file).catch(() => null);
    if (!facts?.isFile()) continue;
    if (facts.size > similarityLimits.modelFileBytes)
      throw unusable(directory, `has a ${name} larger than 4 GiB`, 'use a smaller model');
    return file;
  }
  throw unusable(directory, 'has no ONNX model', `it needs one of ${modelFiles.join(', ')}`);
}

async function readJson(directory: string, name: string): Promise<Readonly<Record<string, unknown>> | null> {
  const file = join(directory, name);
  const facts = await stat(file).catch(() => null);
  if (!facts?.isFile()) return null;
  if (facts.size > similarityLimits.modelJsonBytes)
    throw unusable(directory, `has a ${name} larger than 64 MiB`, 'use the files that the model came with');
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw unusable(directory, `has a ${name} that is not JSON`, 'copy the file again');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unusable(directory, `has a ${name} that is not an object`, 'copy the file again');
  return value as Readonly<Record<string, unknown>>;
}

/** Without a word from the model, the mean: what most models are trained with. */
function poolingOf(directory: string, config: Readonly<Record<string, unknown>>): Pooling {
  const chosen = Object.entries(config).filter(
    ([key, value]) => key.startsWith('pooling_mode_') && value === true,
  );
  const modes: Readonly<Record<string, Pooling>> = {
    pooling_mode_cls_token: 'cls',
    pooling_mode_mean_tokens: 'mean',
    pooling_mode_max_tokens: 'max',
  };
  const [[mode] = ['pooling_mode_mean_tokens'], another] = chosen;
  const pooling = modes[mode];
  if (!pooling || another)
    throw unusable(
      directory,
      `pools by ${chosen.map(([key]) => key).join(' and ')}`,
      'only one of cls, mean and max is supported',
    );
  return pooling;
}

function maxTokensOf(values: readonly unknown[]): number {
  const known = values.filter((value): value is number => typeof value === 'number' && value >= 3);
  return Math.floor(Math.min(similarityLimits.modelTokens, ...known));
}

function unusable(directory: string, what: string, fix: string): SimilarityError {
  return new SimilarityError('unavailable', `the model directory ${directory} ${what}: ${fix}`);
}

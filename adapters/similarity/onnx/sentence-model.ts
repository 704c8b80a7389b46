import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

import { SimilarityError } from '../similarity-error.js';
import type { ModelDirectory } from './model-directory.js';
import { pool } from './pooling.js';
import type { OnnxRuntime, OnnxSession, OnnxTensor } from './runtime.js';
import { createTokenizer, type SentenceTokenizer } from './tokenizer.js';

/** Inputs that encoders have; a model gets those it names. */
const knownInputs = ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'] as const;

/** Token ids of some texts, padded to the longest: `texts` x `tokens`. */
interface Batch {
  readonly ids: BigInt64Array;
  readonly mask: BigInt64Array;
  readonly texts: number;
  readonly tokens: number;
}

/** A loaded model with its tokenizer. */
export class SentenceModel {
  readonly #directory: ModelDirectory;
  readonly #tokenizer: SentenceTokenizer;
  readonly #runtime: OnnxRuntime;
  readonly #session: OnnxSession;
  /** Hash of what decides over the vectors. */
  readonly modelId: string;

  private constructor(
    directory: ModelDirectory,
    runtime: OnnxRuntime,
    session: OnnxSession,
    modelId: string,
  ) {
    this.#directory = directory;
    this.#tokenizer = createTokenizer(directory.tokenizer, directory.tokenizerConfig);
    this.#runtime = runtime;
    this.#session = session;
    this.modelId = modelId;
  }

  /** Loads it and embeds one text, so that the first caller does not wait. Rejects when the model is not usable. */
  static async load(directory: ModelDirectory, runtime: OnnxRuntime): Promise<SentenceModel> {
    const session = await runtime.InferenceSession.create(directory.modelFile, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    const unknown = session.inputNames.filter((name) => !knownInputs.some((known) => known === name));
    if (unknown.length > 0)
      throw new SimilarityError(
        'unavailable',
        `${directory.modelFile} wants the input ${unknown.join(', ')}: it is no encoder of sentences`,
      );
    const model = new SentenceModel(directory, runtime, session, await hashOf(directory));
    await model.embed(['1']);
    return model;
  }

  /** One vector for each text, not normalised. */
  async embed(texts: readonly string[]): Promise<Float32Array[]> {
    const batch = this.#tokenize(texts);
    const outputs = await this.#session.run(this.#feeds(batch));
    const name = this.#outputName();
    const output = outputs[name];
    if (!output) throw new SimilarityError('garbage', `the model gave no ${name}`);
    return this.#vectors(output, batch);
  }

  #tokenize(texts: readonly string[]): Batch {
    const most = this.#directory.maxTokens;
    const rows = texts.map((text) => {
      const { ids } = this.#tokenizer.encode(text);
      // The last token of a cut text is what the model expects at the end.
      return ids.length <= most ? ids : [...ids.slice(0, most - 1), ids.at(-1) ?? 0];
    });
    const tokens = Math.max(1, ...rows.map(({ length }) => length));
    const padding = BigInt(this.#paddingId());
    const ids = new BigInt64Array(rows.length * tokens).fill(padding);
    const mask = new BigInt64Array(rows.length * tokens);
    rows.forEach((row, text) => {
      row.forEach((id, token) => {
        ids[text * tokens + token] = BigInt(id);
        mask[text * tokens + token] = 1n;
      });
    });
    return { ids, mask, texts: rows.length, tokens };
  }

  #paddingId(): number {
    const token = this.#directory.tokenizerConfig['pad_token'];
    return (typeof token === 'string' ? this.#tokenizer.token_to_id(token) : undefined) ?? 0;
  }

  #feeds({ ids, mask, texts, tokens }: Batch): Record<string, OnnxTensor> {
    const inputs: Readonly<Record<string, () => BigInt64Array>> = {
      input_ids: () => ids,
      attention_mask: () => mask,
      token_type_ids: () => new BigInt64Array(texts * tokens),
      position_ids: () => BigInt64Array.from({ length: texts * tokens }, (_, i) => BigInt(i % tokens)),
    };
    const feeds: Record<string, OnnxTensor> = {};
    for (const name of this.#session.inputNames) {
      const data = inputs[name]?.();
      if (data) feeds[name] = new this.#runtime.Tensor('int64', data, [texts, tokens]);
    }
    return feeds;
  }

  /** A model that pools by itself says so by the name of its output. */
  #outputName(): string {
    const names = this.#session.outputNames;
    const preferred = ['sentence_embedding', 'last_hidden_state'].find((name) => names.includes(name));
    return preferred ?? names[0] ?? 'last_hidden_state';
  }

  #vectors({ data, dims, type }: OnnxTensor, { mask, texts, tokens }: Batch): Float32Array[] {
    const dimension = dims.at(-1) ?? 0;
    const rows = dims.length === 3 ? texts * tokens : texts;
    if (!(data instanceof Float32Array) || dims[0] !== texts || data.length !== rows * dimension)
      throw new SimilarityError(
        'garbage',
        `the model gave ${type}[${dims.join(',')}] for ${texts} texts of ${tokens} tokens; 32-bit floats are needed`,
      );
    if (dims.length === 3) return pool(this.#directory.pooling, { data, texts, tokens, dimension }, mask);
    return Array.from({ length: texts }, (_, i) => data.slice(i * dimension, (i + 1) * dimension));
  }
}

async function hashOf({ modelFile, tokenizer, pooling, maxTokens }: ModelDirectory): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([tokenizer, pooling, maxTokens]));
  for await (const chunk of createReadStream(modelFile) as AsyncIterable<Buffer>) hash.update(chunk);
  return `onnx ${hash.digest('hex')}`;
}

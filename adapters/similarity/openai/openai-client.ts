import { similarityLimits } from '../../../config/limits.js';
import type { EmbeddingClient } from '../embedding/embedding-client.js';
import { JsonClient, type JsonClientOptions } from '../http/json-client.js';
import { asList, asObject, asVector } from '../http/json-shape.js';
import { SimilarityError } from '../similarity-error.js';

export interface OpenAiClientOptions extends Omit<JsonClientOptions, 'name'> {
  readonly model: string;
}

/** Embeddings of the OpenAI API and of the many servers that speak it; `baseUrl` is what `/embeddings` follows. */
export class OpenAiClient implements EmbeddingClient {
  readonly name = 'openai';
  readonly maxBatch = similarityLimits.batchTexts;
  readonly #model: string;
  readonly #http: JsonClient;
  #tokens = 0;

  constructor({ model, ...http }: OpenAiClientOptions) {
    this.#model = model;
    this.#http = new JsonClient({ ...http, name: this.name });
  }

  get modelId(): string {
    return `openai ${this.#model}`;
  }

  /** Tokens that the service counted so far; what it bills. */
  get tokens(): number {
    return this.#tokens;
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    // base64 is a third of the bytes; servers that do not know it answer with lists, which are read as well.
    const body = { model: this.#model, input: texts, encoding_format: 'base64' };
    const answer = asObject(await this.#http.request('/embeddings', body, signal), 'the answer');
    const vectors = vectorsByIndex(asList(answer['data'], 'data'), texts.length);
    this.#count(answer['usage']);
    return vectors;
  }

  close(): Promise<void> {
    this.#http.close();
    return Promise.resolve();
  }

  #count(usage: unknown): void {
    if (typeof usage !== 'object' || usage === null || !('total_tokens' in usage)) return;
    const { total_tokens: tokens } = usage;
    if (typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens > 0) this.#tokens += tokens;
  }
}

/** Servers may answer out of order; `index` says whose vector it is. */
function vectorsByIndex(data: readonly unknown[], texts: number): Float32Array[] {
  const vectors = new Map<number, Float32Array>();
  for (const [place, item] of data.entries()) {
    const { index = place, embedding } = asObject(item, 'an entry of data');
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= texts)
      throw new SimilarityError('garbage', 'openai sent an index that is not one of the inputs');
    if (vectors.has(index)) throw new SimilarityError('garbage', 'openai sent an index twice');
    vectors.set(
      index,
      typeof embedding === 'string' ? fromBase64(embedding) : asVector(embedding, 'embedding'),
    );
  }
  return Array.from({ length: texts }, (_, i) => {
    const vector = vectors.get(i);
    if (!vector)
      throw new SimilarityError('garbage', `openai sent ${data.length} vectors for ${texts} texts`);
    return vector;
  });
}

/** Little-endian floats. */
function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0 || bytes.toString('base64') !== text)
    throw new SimilarityError('garbage', 'openai sent a vector that is not base64 of floats');
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

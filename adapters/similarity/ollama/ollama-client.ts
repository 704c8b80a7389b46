import { similarityLimits } from '../../../config/limits.js';
import type { EmbeddingClient } from '../embedding/embedding-client.js';
import { JsonClient, type JsonClientOptions } from '../http/json-client.js';
import { asList, asObject, asVector } from '../http/json-shape.js';

export interface OllamaClientOptions extends Omit<JsonClientOptions, 'name'> {
  readonly model: string;
}

/** How long the model stays loaded after a question, so that the next caller does not wait for it. */
const keepLoaded = '60m';

/** Embeddings of Ollama (`POST /api/embed`). */
export class OllamaClient implements EmbeddingClient {
  readonly name = 'ollama';
  readonly maxBatch = similarityLimits.batchTexts;
  readonly #model: string;
  readonly #http: JsonClient;

  constructor({ model, ...http }: OllamaClientOptions) {
    this.#model = model;
    this.#http = new JsonClient({ ...http, name: this.name });
  }

  get modelId(): string {
    return `ollama ${this.#model}`;
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const body = { model: this.#model, input: texts, truncate: true, keep_alive: keepLoaded };
    const answer = asObject(await this.#http.request('/api/embed', body, signal), 'the answer');
    return asList(answer['embeddings'], 'embeddings').map((vector) => asVector(vector, 'an embedding'));
  }

  close(): Promise<void> {
    this.#http.close();
    return Promise.resolve();
  }
}

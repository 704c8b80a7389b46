import { similarityLimits } from '../../../config/limits.js';
import type { EmbeddingClient } from '../embedding/embedding-client.js';
import { JsonClient, type JsonClientOptions } from '../http/json-client.js';
import { asList, asObject, asVector, positiveInteger } from '../http/json-shape.js';
import type { SimilarityFault } from '../similarity-error.js';

/** Embeddings of Text Embeddings Inference over HTTP (`GET /info`, `POST /embed`). */
export class TeiClient implements EmbeddingClient {
  readonly name = 'tei';
  readonly #http: JsonClient;
  #modelId = '';
  #maxBatch = 1;

  constructor(options: Omit<JsonClientOptions, 'name'>) {
    this.#http = new JsonClient({ ...options, name: this.name }, teiFault);
  }

  get modelId(): string {
    return this.#modelId;
  }

  get maxBatch(): number {
    return this.#maxBatch;
  }

  async open(signal: AbortSignal): Promise<void> {
    const info = asObject(await this.#http.request('/info', undefined, signal), 'the answer of /info');
    this.#modelId = teiModelId(info['model_id'], info['model_sha']);
    const most = positiveInteger(info['max_client_batch_size']) ?? similarityLimits.batchTexts;
    this.#maxBatch = Math.min(most, similarityLimits.batchTexts);
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const body = { inputs: texts, truncate: true, normalize: true };
    const answer = await this.#http.request('/embed', body, signal);
    return asList(answer, 'the answer of /embed').map((vector) => asVector(vector, 'an embedding'));
  }

  close(): Promise<void> {
    this.#http.close();
    return Promise.resolve();
  }
}

/** A model of the same name and another revision is another model. */
export function teiModelId(id: unknown, revision: unknown): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return `tei ${text(id)} ${text(revision)}`;
}

/** Statuses that the server uses in its own way: 424 is its backend, 413 and 422 the batch or its texts. */
function teiFault(status: number): SimilarityFault | null {
  return status === 424 ? 'unreachable' : null;
}

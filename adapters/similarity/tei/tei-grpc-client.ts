import { similarityLimits } from '../../../config/limits.js';
import { projectPath } from '../../../config/paths.js';
import type { EmbeddingClient } from '../embedding/embedding-client.js';
import { GrpcService, loadService, type GrpcServiceOptions } from '../grpc/grpc-service.js';
import { asObject, asVector, positiveInteger } from '../http/json-shape.js';
import { teiModelId } from './tei-client.js';

/** Embeddings of Text Embeddings Inference over gRPC (`tei.v1`). One call carries one text; the server batches them. */
export class TeiGrpcClient implements EmbeddingClient {
  readonly name = 'tei-grpc';
  readonly #grpc: GrpcService;
  readonly #info;
  readonly #embed;
  #modelId = '';
  #maxBatch = 1;

  constructor(options: Omit<GrpcServiceOptions, 'name'>) {
    const proto = projectPath('adapters', 'similarity', 'tei', 'proto', 'tei.proto');
    this.#info = loadService(proto, 'tei.v1.Info');
    this.#embed = loadService(proto, 'tei.v1.Embed');
    this.#grpc = new GrpcService({ ...options, name: this.name });
  }

  get modelId(): string {
    return this.#modelId;
  }

  get maxBatch(): number {
    return this.#maxBatch;
  }

  async open(signal: AbortSignal): Promise<void> {
    const info = asObject(await this.#call(this.#info, 'Info', {}, signal), 'the answer of Info');
    this.#modelId = teiModelId(info['model_id'], info['model_sha']);
    // Turns have to find room beside the batches that are embedded at the same time.
    const room = positiveInteger(info['max_concurrent_requests']) ?? similarityLimits.batchTexts;
    const share = Math.floor(room / (similarityLimits.concurrentBatches + 1));
    this.#maxBatch = Math.max(1, Math.min(share, similarityLimits.batchTexts));
  }

  embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    return Promise.all(
      texts.map(async (inputs) => {
        const question = { inputs, truncate: true, normalize: true };
        const answer = asObject(
          await this.#call(this.#embed, 'Embed', question, signal),
          'the answer of Embed',
        );
        return asVector(answer['embeddings'], 'embeddings');
      }),
    );
  }

  close(): Promise<void> {
    this.#grpc.close();
    return Promise.resolve();
  }

  #call(
    service: Parameters<GrpcService['call']>[0],
    method: string,
    message: object,
    signal: AbortSignal,
  ): Promise<unknown> {
    return this.#grpc.call(service, method, message, similarityLimits.prepareRequestMs, signal);
  }
}

/** Anything that turns texts into vectors: a service or a local model. Bounds and errors are the client's business. */
export interface EmbeddingClient {
  /** For logs and errors, such as `openai`. */
  readonly name: string;
  /** Names the space that the vectors lie in; part of the key under which they are kept. Valid after `open`. */
  readonly modelId: string;
  /** Texts that one `embed` takes at most; at least 1. Valid after `open`. */
  readonly maxBatch: number;

  /** Where present: finds out what the two values above are; called before a tree is prepared, so often repeated. */
  open?(signal: AbortSignal): Promise<void>;

  /** One vector for each text, in order and of one length, not normalised. Rejects with SimilarityError. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]>;

  /** Ends connections and threads; idempotent. */
  close(): Promise<void>;
}

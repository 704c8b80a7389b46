import { setMaxListeners } from 'node:events';

import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Config } from '../../config/schema.js';
import type { SimilarityScorer } from '../../dialog/scoring.js';
import type { ScorerEngine, TreeScoring } from '../../gateway/node/scorer-catalog.js';
import type { CalibratableScorer } from './calibration/calibratable.js';
import { CalibratedScorer } from './calibration/calibrated-scorer.js';
import type { EmbeddingClient } from './embedding/embedding-client.js';
import { EmbeddingScorer } from './embedding/embedding-scorer.js';
import { ExampleVectors } from './embedding/example-vectors.js';
import { VectorCache } from './embedding/vector-cache.js';
import { GrpcService } from './grpc/grpc-service.js';
import { HybridScorer } from './hybrid-scorer.js';
import { OllamaClient } from './ollama/ollama-client.js';
import { OnnxClient } from './onnx/onnx-client.js';
import { OpenAiClient } from './openai/openai-client.js';
import { RankScorer } from './rank/rank-scorer.js';
import { SimilarityError } from './similarity-error.js';
import { TeiClient } from './tei/tei-client.js';
import { TeiGrpcClient } from './tei/tei-grpc-client.js';

type Settings = Config['similarity'];

interface EngineDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What scores before calibration, and what ends with the engine. */
interface Source {
  createScorer(): CalibratableScorer;
  close(): Promise<void>;
}

/** The engine that the configuration names; null for the in-box matcher. Nothing is connected or loaded yet. */
export function createSimilarityEngine(settings: Settings, deps: EngineDeps): ScorerEngine | null {
  if (settings.scorer === 'ngram') return null;
  const closing = new AbortController();
  // One for each request of a preparation.
  setMaxListeners(0, closing.signal);
  const source =
    settings.scorer === 'rank'
      ? rankSource(settings, deps, closing.signal)
      : embeddingSource(embeddingClient(settings, deps), settings, deps);
  return {
    name: settings.scorer,
    createScorer: (scoring) =>
      assemble(source.createScorer(), settings, scoring, deps.logger, closing.signal),
    close: () => {
      closing.abort(new SimilarityError('unavailable', `${settings.scorer} was closed`));
      return source.close();
    },
  };
}

/** Calibrated to the in-box matcher's scale, and mixed with it where wanted. */
function assemble(
  inner: CalibratableScorer,
  { hybridWeight }: Settings,
  { local, thresholdsOf }: TreeScoring,
  logger: Logger,
  signal: AbortSignal,
): SimilarityScorer {
  const remote = new CalibratedScorer({ inner, targets: thresholdsOf, logger, signal });
  return hybridWeight === 1 ? remote : new HybridScorer({ local, remote, remoteShare: hybridWeight });
}

function embeddingSource(client: EmbeddingClient, settings: Settings, deps: EngineDeps): Source {
  const { directory, maxMegabytes } = settings.cache;
  const cache =
    maxMegabytes > 0 ? new VectorCache({ directory, maxBytes: maxMegabytes * 1_048_576 }, deps) : null;
  const examples = new ExampleVectors(client, cache, deps.clock);
  const { queryPrefix } = settings;
  return {
    createScorer: () => new EmbeddingScorer({ client, examples, queryPrefix }),
    close: () => {
      examples.close();
      return client.close();
    },
  };
}

function rankSource(settings: Settings, { clock }: EngineDeps, closing: AbortSignal): Source {
  const grpc = new GrpcService({ name: 'rank', ...connection(settings, clock) });
  return {
    createScorer: () => new RankScorer({ grpc, timeoutMs: settings.timeoutMs, closing }),
    close: () => {
      grpc.close();
      return Promise.resolve();
    },
  };
}

function embeddingClient(settings: Settings, { clock }: EngineDeps): EmbeddingClient {
  const { model } = settings;
  const { url, ...http } = connection(settings, clock);
  switch (settings.scorer) {
    case 'openai':
      return new OpenAiClient({ ...http, baseUrl: url, model });
    case 'ollama':
      return new OllamaClient({ ...http, baseUrl: url, model });
    case 'tei':
      return new TeiClient({ ...http, baseUrl: url });
    case 'tei-grpc':
      return new TeiGrpcClient({ ...http, url });
    case 'onnx':
      return new OnnxClient(
        { directory: settings.directory ?? '', runtimeModule: settings.runtimeModule },
        clock,
      );
    case 'ngram':
    case 'rank':
      throw new Error(`${settings.scorer} does not embed`);
  }
}

/** The loader has checked that a scorer that needs an address has one. */
function connection({ apiKey, url }: Settings, clock: Clock) {
  return { url: url ?? '', apiKey, epochMs: () => clock.epochMs() };
}

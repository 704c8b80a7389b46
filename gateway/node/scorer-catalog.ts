import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Config } from '../../config/schema.js';
import type { SimilarityScorer } from '../../dialog/scoring.js';
import type { Thresholds } from '../../dialog/tree.js';

/** What a scorer of one tree is made from. */
export interface TreeScoring {
  /** The in-box matcher with the tree's sets prepared; it stays the caller's. */
  readonly local: SimilarityScorer;
  /** What the in-box matcher's scores are compared with at a set's node. */
  readonly thresholdsOf: (setId: string) => Pick<Thresholds, 'accept' | 'confirm'>;
}

/** A service or a model that scores, shared by all trees of this process. */
export interface ScorerEngine {
  /** As configured, such as `tei`. */
  readonly name: string;
  /** A scorer without sets, whose scores mean what the in-box matcher's do. */
  createScorer(scoring: TreeScoring): SimilarityScorer;
  /** Ends connections and threads; idempotent. */
  close(): Promise<void>;
}

/** What main.ts knows of similarity adapters. */
export interface ScorerCatalog {
  /** The engine that is configured, not yet connected; null when the in-box matcher alone is. */
  createEngine(
    settings: Config['similarity'],
    deps: { readonly clock: Clock; readonly logger: Logger },
  ): ScorerEngine | null;
}

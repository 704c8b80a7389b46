import type { Clock } from '../../config/clock.js';
import { similarityLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { Config } from '../../config/schema.js';
import { candidates, prepareTree } from '../../dialog/candidates.js';
import { NgramScorer } from '../../dialog/ngram-scorer.js';
import type { SimilarityScorer } from '../../dialog/scoring.js';
import { defaultThresholds, isWaiting, type DialogTree, type Thresholds } from '../../dialog/tree.js';
import type { CheckResult } from '../http/readiness.js';
import type { ScorerCatalog, ScorerEngine } from '../node/scorer-catalog.js';
import { nextTurnOfLoop, type CreateScorers } from '../trees/tree-scorers.js';
import { GuardedScorer } from './guarded-scorer.js';

export interface SimilarityDeps {
  readonly catalog: ScorerCatalog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The configured scorer as operators see it. */
export interface ScorerReport {
  readonly name: string;
  readonly available: boolean;
  readonly detail: string;
}

/** The in-box matcher needs microseconds; this is for a machine that is out of breath. */
const localTimeoutMs = 1_000;

/** Between two looks whether a scorer is prepared, where somebody waits for it. */
const readyPollMs = 50;

/**
 * Who compares utterances with examples on this node: the in-box matcher, or what is configured with the in-box matcher
 * behind it.
 */
export class Similarity {
  readonly #engine: ScorerEngine | null;
  readonly #timeoutMs: number;
  readonly #deps: Omit<SimilarityDeps, 'catalog'>;
  readonly #guarded = new Set<GuardedScorer>();

  constructor(settings: Config['similarity'], { catalog, ...deps }: SimilarityDeps) {
    this.#engine = catalog.createEngine(settings, deps);
    this.#timeoutMs = settings.timeoutMs;
    this.#deps = deps;
  }

  /**
   * The scorers of one tree. Resolves when the in-box matcher is prepared; another scorer is prepared behind it, and
   * answers from then on. Released with `releaseTree` for each.
   */
  readonly scorersFor: CreateScorers = async (tree) => {
    const local = new NgramScorer(nextTurnOfLoop);
    await prepareTree(local, tree);
    if (!this.#engine) return { primary: local, fallback: null, timeoutMs: localTimeoutMs };
    return {
      primary: await this.#guard(this.#engine, tree, local),
      fallback: local,
      timeoutMs: this.#timeoutMs,
    };
  };

  /** The scorers of one tree, once another scorer is prepared or has had `similarityLimits.readyMs` to be so. */
  readonly readyScorersFor: CreateScorers = async (tree) => {
    const scorers = await this.scorersFor(tree);
    const { clock } = this.#deps;
    const untilMs = clock.nowMs() + similarityLimits.readyMs;
    while (this.#problem() !== null && clock.nowMs() < untilMs)
      await new Promise<void>((resolve) => clock.setTimer(resolve, readyPollMs));
    return scorers;
  };

  report(): ScorerReport {
    if (!this.#engine) return { name: 'ngram', available: true, detail: 'n-gram matcher, in this process' };
    const problem = this.#problem();
    return {
      name: this.#engine.name,
      available: problem === null,
      detail: problem === null ? 'ready' : `${problem}; the built-in matcher decides`,
    };
  }

  /** Never fails: a node without its scorer decides by the in-box matcher, and is better than no node. */
  check(): CheckResult {
    const { name, detail } = this.report();
    return { ok: true, detail: `${name}: ${detail}` };
  }

  async close(): Promise<void> {
    await this.#engine?.close();
  }

  async #guard(engine: ScorerEngine, tree: DialogTree, local: SimilarityScorer): Promise<GuardedScorer> {
    const scorer = engine.createScorer({ local, thresholdsOf: (setId) => ngramThresholds(tree, setId) });
    const guarded = new GuardedScorer(scorer, {
      ...this.#deps,
      onReleased: () => this.#guarded.delete(guarded),
    });
    // A tree without examples has nothing to prepare, and nothing to release.
    if (candidates(tree).length > 0) this.#guarded.add(guarded);
    await prepareTree(guarded, tree);
    return guarded;
  }

  #problem(): string | null {
    for (const { problem } of this.#guarded) if (problem !== null) return problem;
    return null;
  }
}

/** What an author wrote asks for more or less than usual; only what is usual can be compared with another scorer. */
function ngramThresholds(tree: DialogTree, nodeId: string): Thresholds {
  const node = tree.nodes.get(nodeId);
  if (!isWaiting(node)) return defaultThresholds;
  const { source } = node.thresholds;
  return source === 'calibrated' || source === 'default' ? node.thresholds : defaultThresholds;
}

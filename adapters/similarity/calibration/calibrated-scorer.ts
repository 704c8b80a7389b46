import { similarityLimits } from '../../../config/limits.js';
import type { Logger } from '../../../config/logger.js';
import type { Candidate, CandidateSet, ScoredBranch, SimilarityScorer } from '../../../dialog/scoring.js';
import type { CalibratableScorer } from './calibratable.js';
import { gatherScores, questionsFor, type ScoreEvidence } from './evidence.js';
import { ownThresholds } from './own-thresholds.js';
import { scaleBetween, type ScoreScale, type ThresholdPair } from './score-scale.js';

export interface CalibratedScorerOptions {
  readonly inner: CalibratableScorer;
  /** The thresholds that each set's scores are compared with: those of the in-box matcher. */
  readonly targets: (setId: string) => ThresholdPair;
  readonly logger: Logger;
  /** Ends a calibration. */
  readonly signal: AbortSignal;
}

/**
 * Another scorer's answers in the scale of the in-box matcher.
 *
 * A tree has one pair of thresholds a node, but two scorers answer at it: this one, and the in-box matcher when this one
 * fails. `prepareAll` therefore measures where the scorer's own thresholds would lie, by holding out examples, and maps
 * them to the tree's. Order within an answer never changes. A tree too large to be measured, and a node with too few
 * examples, use what could be learnt of the rest.
 */
export class CalibratedScorer implements SimilarityScorer {
  readonly #options: CalibratedScorerOptions;
  readonly #scales = new Map<string, ScoreScale>();

  constructor(options: CalibratedScorerOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.inner.name;
  }

  /** Prepares without measuring: one set alone says nothing about what is foreign to it. */
  async prepare(setId: string, candidates: readonly Candidate[]): Promise<void> {
    await this.#options.inner.prepare(setId, candidates);
    this.#scales.delete(setId);
  }

  async prepareAll(sets: readonly CandidateSet[]): Promise<void> {
    const { inner, logger, targets } = this.#options;
    if (inner.prepareAll) await inner.prepareAll(sets);
    else for (const { setId, candidates } of sets) await inner.prepare(setId, candidates);
    const measured = await this.#measure(sets);
    const tree = ownThresholds(pooled([...measured.values()]), null);
    for (const { setId } of sets) {
      const evidence = measured.get(setId);
      const own = (evidence && ownThresholds(evidence, tree)) ?? tree;
      if (own) this.#scales.set(setId, scaleBetween(own, targets(setId)));
      else this.#scales.delete(setId);
    }
    logger.debug('similarity scorer calibrated', {
      scorer: this.name,
      sets: sets.length,
      measured: measured.size,
      ...(tree ? { accept: tree.accept, confirm: tree.confirm } : {}),
    });
  }

  async score(
    setId: string,
    text: string,
    branchIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]> {
    const scored = await this.#options.inner.score(setId, text, branchIds, signal);
    const scale = this.#scales.get(setId);
    return scale ? scored.map(({ branchId, score }) => ({ branchId, score: scale(score) })) : scored;
  }

  release(setId: string): void {
    this.#scales.delete(setId);
    this.#options.inner.release(setId);
  }

  async #measure(sets: readonly CandidateSet[]): Promise<Map<string, ScoreEvidence>> {
    const measured = new Map<string, ScoreEvidence>();
    let questions: number = similarityLimits.calibrationQuestions;
    for (const set of sets) {
      questions -= questionsFor(set);
      if (questions < 0) break;
      measured.set(set.setId, await gatherScores(this.#options.inner, set, sets, this.#options.signal));
    }
    return measured;
  }
}

function pooled(all: readonly ScoreEvidence[]): ScoreEvidence {
  return {
    right: all.flatMap(({ right }) => right),
    wrong: all.flatMap(({ wrong }) => wrong),
    foreign: all.flatMap(({ foreign }) => foreign),
  };
}

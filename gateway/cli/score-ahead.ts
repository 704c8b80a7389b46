import type { Clock } from '../../config/clock.js';
import { similarityLimits } from '../../config/limits.js';
import { scoreNowOf } from '../../dialog/score-now.js';
import type { ScoredBranch } from '../../dialog/scoring.js';
import type { ScoreNow } from '../../dialog/simulate.js';
import type { DialogTree } from '../../dialog/tree.js';
import { askScorers, type ScoreQuestion, type ScorerChain } from '../session/ask-scorers.js';

/** Scores for conversations that are held without waiting. */
export interface Scoring {
  /** As shown to a person: `scored by …`. */
  readonly name: string;
  /**
   * The result of `run` with every score that it asks for. It may be run several times, and has to ask the same each
   * time it gets the same scores. Rejects when the scorer does not answer.
   *
   * `independent` says that what is asked later does not follow from the scores before: all is then asked together.
   */
  settle<Result>(run: (scoreNow: ScoreNow) => Result, independent: boolean): Promise<Result>;
}

/** The in-box matcher, which needs no waiting. */
export function inBoxScoring(tree: DialogTree): Scoring {
  const scoreNow = scoreNowOf(tree);
  return { name: 'scored by the in-box matcher', settle: (run) => Promise.resolve(run(scoreNow)) };
}

/** Questions that are asked of a service at one time. */
const atOnce = 8;

/**
 * Another scorer: a conversation runs until it asks for a score that is not known yet, that is asked for, and the
 * conversation runs again. The engine stays without promises.
 *
 * A scorer that fails is an error here, where a call would go on with the in-box matcher: a test of that would prove nothing.
 */
export class ScoreAhead implements Scoring {
  readonly name: string;
  readonly #chain: ScorerChain;
  readonly #clock: Clock;
  readonly #most: number;
  readonly #known = new Map<string, readonly ScoredBranch[]>();

  /** The scorers stay the caller's. */
  constructor(
    { primary, timeoutMs }: ScorerChain,
    clock: Clock,
    most: number = similarityLimits.questionsAhead,
  ) {
    this.name = `scored by ${primary.name}`;
    this.#chain = { primary, fallback: null, timeoutMs };
    this.#clock = clock;
    this.#most = most;
  }

  async settle<Result>(run: (scoreNow: ScoreNow) => Result, independent: boolean): Promise<Result> {
    for (;;) {
      const open = new Map<string, ScoreQuestion>();
      const result = run((nodeId, text, branchIds) => {
        const key = JSON.stringify([nodeId, text, branchIds]);
        const known = this.#known.get(key);
        if (!known && (independent || open.size === 0))
          open.set(key, { type: 'score', scoreId: 0, nodeId, text, branchIds });
        return known ?? [];
      });
      if (open.size === 0) return result;
      if (this.#known.size + open.size > this.#most)
        throw new Error(`more than ${this.#most} sentences to score; test fewer stories at once`);
      await this.#askAll([...open]);
    }
  }

  async #askAll(open: readonly (readonly [string, ScoreQuestion])[]): Promise<void> {
    for (let i = 0; i < open.length; i += atOnce)
      await Promise.all(open.slice(i, i + atOnce).map(([key, question]) => this.#ask(key, question)));
  }

  async #ask(key: string, question: ScoreQuestion): Promise<void> {
    let failure: unknown = null;
    const { scores, degraded } = await askScorers(this.#chain, question, {
      clock: this.#clock,
      signal: new AbortController().signal,
      onFailure: (_scorer, err) => (failure = err),
    });
    if (degraded) throw failure instanceof Error ? failure : new Error(String(failure));
    this.#known.set(key, scores);
  }
}

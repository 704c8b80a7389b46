import type { Clock, Timer } from '../../config/clock.js';
import { similarityLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { Candidate, CandidateSet, ScoredBranch, SimilarityScorer } from '../../dialog/scoring.js';

export interface GuardedScorerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The last set was released; it is of no more use. */
  readonly onReleased: () => void;
}

/**
 * A scorer that may be away, without anybody waiting for it.
 *
 * Sets are prepared behind the caller's back, again and again with growing pauses until it works; until then `score`
 * rejects at once. After `similarityLimits.failuresInARow` failures it is left alone for a while, so that not every
 * caller waits for the timeout of a service that is down. A scorer that says that its sets are stale has them prepared
 * again.
 */
export class GuardedScorer implements SimilarityScorer {
  readonly #inner: SimilarityScorer;
  readonly #deps: GuardedScorerDeps;
  readonly #sets = new Map<string, CandidateSet>();
  #preparedRound = 0;
  #round = 0;
  #retries = 0;
  #timer: Timer | null = null;
  #failures = 0;
  #pausedUntilMs = -Infinity;
  #problem: string | null = null;

  constructor(inner: SimilarityScorer, deps: GuardedScorerDeps) {
    this.#inner = inner;
    this.#deps = deps;
  }

  get name(): string {
    return this.#inner.name;
  }

  /** Why turns are decided without it now, for the operator; null when they are not. */
  get problem(): string | null {
    if (!this.#prepared) return this.#problem ?? 'examples are being prepared';
    return this.#paused ? (this.#problem ?? 'it failed several times') : null;
  }

  /** Resolves at once. */
  prepare(setId: string, candidates: readonly Candidate[]): Promise<void> {
    return this.prepareAll([...this.#sets.values(), { setId, candidates }]);
  }

  /** Resolves at once; replaces all sets. */
  prepareAll(sets: readonly CandidateSet[]): Promise<void> {
    this.#sets.clear();
    for (const set of sets) this.#sets.set(set.setId, set);
    this.#restart();
    return Promise.resolve();
  }

  async score(
    setId: string,
    text: string,
    branchIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]> {
    if (!this.#prepared) throw new Error(`${this.name} is not prepared yet`);
    if (this.#paused)
      throw new Error(`${this.name} failed ${this.#failures} times in a row and is left alone`);
    try {
      const scored = await this.#inner.score(setId, text, branchIds, signal);
      this.#failures = 0;
      return scored;
    } catch (err) {
      if (!endedBySession(signal)) this.#failed(err);
      throw err;
    }
  }

  release(setId: string): void {
    if (!this.#sets.delete(setId)) return;
    this.#inner.release(setId);
    if (this.#sets.size > 0) return;
    this.#round++;
    this.#timer?.cancel();
    this.#timer = null;
    this.#deps.onReleased();
  }

  get #prepared(): boolean {
    return this.#preparedRound === this.#round && this.#round > 0;
  }

  get #paused(): boolean {
    return this.#deps.clock.nowMs() < this.#pausedUntilMs;
  }

  #failed(err: unknown): void {
    const { clock, logger } = this.#deps;
    this.#failures++;
    this.#problem = err instanceof Error ? err.message : String(err);
    if (isStale(err)) this.#restart();
    if (this.#failures < similarityLimits.failuresInARow) return;
    this.#pausedUntilMs = clock.nowMs() + similarityLimits.pauseMs;
    logger.warn('similarity scorer keeps failing and is left alone for a while', {
      scorer: this.name,
      failures: this.#failures,
      pauseMs: similarityLimits.pauseMs,
    });
  }

  #restart(): void {
    this.#round++;
    this.#retries = 0;
    this.#timer?.cancel();
    this.#timer = null;
    this.#attempt(this.#round);
  }

  #attempt(round: number): void {
    this.#timer = null;
    const sets = [...this.#sets.values()];
    this.#prepareInner(sets).then(
      () => this.#succeeded(round, sets),
      (err: unknown) => this.#retryLater(round, err),
    );
  }

  async #prepareInner(sets: readonly CandidateSet[]): Promise<void> {
    if (this.#inner.prepareAll) return this.#inner.prepareAll(sets);
    for (const { setId, candidates } of sets) await this.#inner.prepare(setId, candidates);
  }

  #succeeded(round: number, sets: readonly CandidateSet[]): void {
    // Sets that were released meanwhile came back with this preparation.
    for (const { setId } of sets) if (!this.#sets.has(setId)) this.#inner.release(setId);
    if (round !== this.#round) return;
    this.#preparedRound = round;
    this.#failures = 0;
    this.#problem = null;
    this.#pausedUntilMs = -Infinity;
    this.#deps.logger.info('similarity scorer is ready', { scorer: this.name, sets: sets.length });
  }

  #retryLater(round: number, err: unknown): void {
    if (round !== this.#round) return;
    const { clock, logger, random } = this.#deps;
    const pauseMs = Math.min(
      similarityLimits.retryMostMs,
      similarityLimits.retryFirstMs * 2 ** this.#retries,
    );
    // A part of chance, so that the nodes of a cluster do not come back at the same moment.
    const retryMs = pauseMs + random.integer(pauseMs / 2);
    this.#retries = Math.min(this.#retries + 1, 30);
    this.#problem = err instanceof Error ? err.message : String(err);
    logger.warn('similarity scorer cannot be prepared, the built-in matcher decides', {
      scorer: this.name,
      retryMs,
      ...(hasFault(err) ? { reason: this.#problem } : { err }),
    });
    this.#timer = clock.setTimer(() => this.#attempt(round), retryMs);
  }
}

/** A turn that nobody waits for any more says nothing about the scorer; one that was late does. */
function endedBySession(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof Error && signal.reason.name === 'AbortError';
}

/** A fault that the scorer foresaw: its message says all, and a stack would say nothing. */
function hasFault(err: unknown): err is Error & { readonly fault: unknown } {
  return err instanceof Error && 'fault' in err;
}

function isStale(err: unknown): boolean {
  return hasFault(err) && err.fault === 'stale';
}

import type { Clock } from '../../config/clock.js';
import type { DialogAction } from '../../dialog/action.js';
import type { ScoredBranch, SimilarityScorer } from '../../dialog/scoring.js';

/** Scorers with one tree's candidate sets prepared; the fallback serves when the first fails or is late. */
export interface ScorerChain {
  readonly primary: SimilarityScorer;
  readonly fallback: SimilarityScorer | null;
  readonly timeoutMs: number;
}

export type ScoreQuestion = Extract<DialogAction, { type: 'score' }>;

export interface ScoreAnswer {
  readonly scores: readonly ScoredBranch[];
  /** The first scorer did not serve. */
  readonly degraded: boolean;
  /** Who gave the scores; null: nobody. */
  readonly scorer: string | null;
}

export interface AskDeps {
  readonly clock: Clock;
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Not called once `signal` is aborted. Must not throw. */
  onFailure(scorer: SimilarityScorer, err: unknown): void;
}

/** The first of a chain that answers in time; no scores at all when none does. Never rejects. */
export async function askScorers(
  { fallback, primary, timeoutMs }: ScorerChain,
  question: ScoreQuestion,
  deps: AskDeps,
): Promise<ScoreAnswer> {
  for (const scorer of fallback ? [primary, fallback] : [primary]) {
    try {
      const scores = await ask(scorer, question, timeoutMs, deps);
      return { scores, degraded: scorer !== primary, scorer: scorer.name };
    } catch (err) {
      if (deps.signal.aborted) break;
      deps.onFailure(scorer, err);
    }
  }
  return { scores: [], degraded: true, scorer: null };
}

async function ask(
  scorer: SimilarityScorer,
  { branchIds, nodeId, text }: ScoreQuestion,
  timeoutMs: number,
  deps: AskDeps,
): Promise<readonly ScoredBranch[]> {
  const late = new AbortController();
  const timer = deps.clock.setTimer(
    () => late.abort(new Error(`no score within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const signal = AbortSignal.any([late.signal, deps.signal]);
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([scorer.score(nodeId, text, branchIds, signal), aborted]);
  } finally {
    timer.cancel();
    // A combined signal that is listened to lives as long as its sources: here, one more a turn.
    signal.removeEventListener('abort', onAbort);
  }
}

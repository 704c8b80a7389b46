import { similarityLimits } from '../../../config/limits.js';
import type { CandidateSet } from '../../../dialog/scoring.js';
import { bestOf } from '../../../dialog/zones.js';
import type { CalibratableScorer } from './calibratable.js';

const folds = 4;
/** The smallest branch whose examples can be held out. */
const minExamplesPerBranch = 3;

/** What a scorer gave the best branch at one node. */
export interface ScoreEvidence {
  /** Held-out examples whose branch came first. */
  readonly right: readonly number[];
  /** Held-out examples whose branch did not. */
  readonly wrong: readonly number[];
  /** Sentences that mean branches of other nodes. */
  readonly foreign: readonly number[];
}

/** Held-out scores of one set; `sets` are all sets of the tree. Rejects as the scorer does. */
export async function gatherScores(
  scorer: CalibratableScorer,
  { setId, candidates }: CandidateSet,
  sets: readonly CandidateSet[],
  signal: AbortSignal,
): Promise<ScoreEvidence> {
  const right: number[] = [];
  const wrong: number[] = [];
  const measurable = candidates.every(({ examples }) => examples.length >= minExamplesPerBranch);
  const own = candidates.flatMap(({ id, examples }) =>
    examples.map((text, i) => ({ branchId: id, text, fold: i % folds })),
  );
  const tried = measurable ? evenly(own, similarityLimits.calibrationTexts) : [];
  for (let fold = 0; fold < folds; fold++) {
    const heldOut = tried.filter((example) => example.fold === fold);
    if (heldOut.length === 0) continue;
    const rest = candidates.map(({ id, examples }) => ({
      id,
      examples: examples.filter((_text, i) => i % folds !== fold),
    }));
    const answers = await scorer.scoreHeldOut(
      rest,
      heldOut.map(({ text }) => text),
      signal,
    );
    heldOut.forEach(({ branchId }, i) => {
      const best = bestOf(answers[i] ?? []);
      if (best) (best.branchId === branchId ? right : wrong).push(best.score);
    });
  }
  const others = evenly(foreignExamples({ setId, candidates }, sets), similarityLimits.calibrationTexts);
  const answers = others.length > 0 ? await scorer.scoreHeldOut(candidates, others, signal) : [];
  return { right, wrong, foreign: answers.map((answer) => bestOf(answer)?.score ?? 0) };
}

/** How many questions `gatherScores` asks at most for one set. */
export function questionsFor({ candidates }: CandidateSet): number {
  const own = candidates.reduce((sum, { examples }) => sum + examples.length, 0);
  return Math.min(own, similarityLimits.calibrationTexts) + similarityLimits.calibrationTexts;
}

/** Examples of branches that are not open at the node. A branch of the same name means the same everywhere. */
function foreignExamples({ setId, candidates }: CandidateSet, sets: readonly CandidateSet[]): string[] {
  const ids = new Set(candidates.map(({ id }) => id));
  const own = new Set(candidates.flatMap(({ examples }) => examples));
  const foreign = new Set<string>();
  for (const other of sets) {
    if (other.setId === setId) continue;
    for (const { id, examples } of other.candidates)
      if (!ids.has(id)) for (const text of examples) if (!own.has(text)) foreign.add(text);
  }
  return [...foreign];
}

function evenly<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]).filter(
    (item) => item !== undefined,
  );
}

import { existsSync, readFileSync } from 'node:fs';

import type { SeededRandom } from '../config/random.js';
import { NgramMatcher } from '../dialog/ngram-matcher.js';
import type { Candidate } from '../dialog/scoring.js';
import { median } from './statistics.js';

/** Labelled utterances: the texts of each intent. */
export type Intents = ReadonlyMap<string, readonly string[]>;

/** Accuracy, out-of-scope separation and speed of the in-box matcher over many draws of branches. Shares are 0 to 1. */
export interface MatcherResult {
  /** Own utterances whose best branch is the right one. */
  readonly accuracy: number;
  /** Probability that an own utterance scores above a foreign one. */
  readonly auroc: number;
  readonly fitMs: number;
  readonly matchUs: number;
  /** Own utterances taken rightly, wrongly, and foreign ones taken, at the usual accept threshold. */
  readonly right: number;
  readonly wrong: number;
  readonly foreign: number;
}

/** Score from which the usual tree takes a branch without asking. */
const acceptThreshold = 0.3;
const examplesPerBranch = 5;
const ownQueries = 20;
const foreignQueries = 4;
/** Fewest utterances that give an intent its examples and something to ask. */
const fewestUtterances = examplesPerBranch + 3;
/** Label of utterances that belong to no intent. */
const outOfScope = 'oos';

/** Reads a file of `{"text", "intent"}` lines; null when there is none. Throws on a line that is something else. */
export function loadIntents(path: string): Intents | null {
  if (!existsSync(path)) return null;
  const intents = new Map<string, string[]>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    const { text, intent } = JSON.parse(line) as { text: string; intent: string };
    if (intent === outOfScope) continue;
    const texts = intents.get(intent);
    if (texts) texts.push(text);
    else intents.set(intent, [text]);
  }
  for (const [intent, texts] of intents) if (texts.length < fewestUtterances) intents.delete(intent);
  return intents;
}

/** One query with the branch it belongs to (null for a foreign one) and what the matcher said. */
interface Answer {
  readonly intent: string | null;
  readonly branchId: string;
  readonly score: number;
}

/** Draws `branches` intents at a time, shows the matcher five examples of each and asks about others. */
export function measureMatcher(
  intents: Intents,
  branches: number,
  draws: number,
  random: SeededRandom,
): MatcherResult {
  const answers: Answer[] = [];
  const fitMs: number[] = [];
  let matchMs = 0;
  for (let draw = 0; draw < draws; draw++) {
    const { candidates, queries } = drawTask(intents, branches, random);
    const fitStartMs = performance.now();
    const matcher = new NgramMatcher(candidates);
    fitMs.push(performance.now() - fitStartMs);
    const matchStartMs = performance.now();
    const best = queries.map(({ text }) => matcher.match(text)[0]);
    matchMs += performance.now() - matchStartMs;
    queries.forEach(({ intent }, index) => {
      const match = best[index];
      if (match) answers.push({ intent, ...match });
    });
  }
  return { ...judge(answers), fitMs: median(fitMs), matchUs: (1_000 * matchMs) / answers.length };
}

function drawTask(intents: Intents, branches: number, random: SeededRandom) {
  const candidates: Candidate[] = [];
  const queries: { readonly text: string; readonly intent: string | null }[] = [];
  shuffle([...intents.keys()], random).forEach((id, index) => {
    const texts = shuffle(intents.get(id) ?? [], random);
    if (index >= branches) {
      queries.push(...texts.slice(0, foreignQueries).map((text) => ({ text, intent: null })));
      return;
    }
    candidates.push({ id, examples: texts.slice(0, examplesPerBranch) });
    const asked = texts.slice(examplesPerBranch, examplesPerBranch + ownQueries);
    queries.push(...asked.map((text) => ({ text, intent: id })));
  });
  return { candidates, queries };
}

function judge(answers: readonly Answer[]) {
  const own = answers.filter(({ intent }) => intent !== null);
  const foreign = answers.filter(({ intent }) => intent === null);
  const right = own.filter(({ intent, branchId }) => intent === branchId);
  const taken = own.filter(({ score }) => score >= acceptThreshold);
  const takenRight = taken.filter(({ intent, branchId }) => intent === branchId);
  return {
    accuracy: right.length / own.length,
    auroc: auroc(
      own.map(({ score }) => score),
      foreign.map(({ score }) => score),
    ),
    right: takenRight.length / own.length,
    wrong: (taken.length - takenRight.length) / own.length,
    foreign: foreign.filter(({ score }) => score >= acceptThreshold).length / foreign.length,
  };
}

/** Probability that a value of `above` is larger than one of `below`; equal ones count half. */
export function auroc(above: readonly number[], below: readonly number[]): number {
  const all = [
    ...above.map((score) => ({ score, wins: true })),
    ...below.map((score) => ({ score, wins: false })),
  ].sort((a, b) => a.score - b.score);
  let beaten = 0;
  let wins = 0;
  for (let i = 0; i < all.length;) {
    const score = all[i]?.score;
    let tiedAbove = 0;
    let tiedBelow = 0;
    for (; all[i]?.score === score && i < all.length; i++) {
      if (all[i]?.wins) tiedAbove++;
      else tiedBelow++;
    }
    wins += tiedAbove * (beaten + tiedBelow / 2);
    beaten += tiedBelow;
  }
  return wins / (above.length * below.length);
}

function shuffle<T>(items: readonly T[], random: SeededRandom): T[] {
  const keyed = items.map((item) => ({ item, key: random.next() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

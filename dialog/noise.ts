import type { Decision } from './action.js';
import { homophonesOf } from './pinyin.js';
import type { ScoreNow } from './simulate.js';
import { initialState, type DialogState } from './state.js';
import { step } from './step.js';
import type { StoryFile } from './story-load.js';
import { normalizeUtterance } from './text-features.js';
import { isWaiting, type DialogTree } from './tree.js';
import type { Value } from './value.js';

/** A number of 0 (included) to 1, like `Math.random`. */
export type RandomShare = () => number;

/** What became of the sentences of stories at one rate of errors; shares of 0 to 1. */
export interface NoiseLevel {
  readonly rate: number;
  readonly sentences: number;
  /** Understood as without errors, asked back about, taken for something else, not understood. */
  readonly right: number;
  readonly asked: number;
  readonly wrong: number;
  readonly rejected: number;
  /** Sentences that were taken for something else most often, with one of their misheard forms. */
  readonly fragile: readonly { readonly text: string; readonly misheard: string; readonly wrong: number }[];
}

type Outcome = 'right' | 'asked' | 'wrong' | 'rejected';

const soundCodes: ReadonlyMap<string, string> = new Map(
  ['bfpv', 'cgjkqsxz', 'dt', 'l', 'mn', 'r'].flatMap((letters, code) =>
    [...letters].map((letter) => [letter, String(code + 1)] as const),
  ),
);
const mostFragile = 5;

/** A sentence as a recogniser may hear it: each character or word wrong at the given rate. */
export class Mishearing {
  /** Words of the tree by how they sound. */
  readonly #words = new Map<string, string[]>();

  constructor(tree: DialogTree) {
    const examples = [...tree.nodes.values()]
      .flatMap((node) => (node.kind === 'listen' ? node.branches : []))
      .concat(tree.globals)
      .flatMap((branch) => branch.examples);
    for (const word of new Set(examples.flatMap(wordsOf))) {
      const key = soundOf(word);
      this.#words.set(key, [...(this.#words.get(key) ?? []), word]);
    }
  }

  /** Chinese: homophones. English: words of the tree that sound alike, else a lost short word or a lost ending. */
  of(text: string, rate: number, random: RandomShare): string {
    return text.replace(/\p{Script=Han}|[\p{L}']+/gu, (part) => {
      if (random() >= rate) return part;
      return /^\p{Script=Han}$/u.test(part)
        ? pick(homophonesOf(part), part, random)
        : this.#word(part, random);
    });
  }

  #word(word: string, random: RandomShare): string {
    const plain = word.toLowerCase();
    const alike = (this.#words.get(soundOf(plain)) ?? []).filter((other) => other !== plain);
    if (alike.length > 0) return pick(alike, word, random);
    return word.length <= 3 ? '' : word.slice(0, -1);
  }
}

/** Hears every sentence of some stories with errors, many times, and compares each decision with the one without. */
export function measureNoise(
  tree: DialogTree,
  file: StoryFile,
  scoreNow: ScoreNow,
  rate: number,
  repetitions: number,
  random: RandomShare,
): NoiseLevel {
  const mishearing = new Mishearing(tree);
  const counts = { right: 0, asked: 0, wrong: 0, rejected: 0 };
  const fragile = new Map<string, { misheard: string; wrong: number }>();
  let sentences = 0;
  for (const { state, text, decision } of sentencesOf(tree, file, scoreNow)) {
    for (let i = 0; i < repetitions; i++) {
      const misheard = mishearing.of(text, rate, random);
      const outcome = compare(decision, decide(tree, state, misheard, scoreNow));
      counts[outcome]++;
      sentences++;
      if (outcome !== 'wrong') continue;
      fragile.set(text, { misheard, wrong: (fragile.get(text)?.wrong ?? 0) + 1 / repetitions });
    }
  }
  const share = (count: number): number => count / Math.max(1, sentences);
  return {
    rate,
    sentences,
    right: share(counts.right),
    asked: share(counts.asked),
    wrong: share(counts.wrong),
    rejected: share(counts.rejected),
    fragile: [...fragile]
      .map(([text, found]) => ({ text, ...found }))
      .sort((a, b) => b.wrong - a.wrong)
      .slice(0, mostFragile),
  };
}

/** What a tree makes of a sentence at a state; null when the conversation does not wait for one. */
export function decide(
  tree: DialogTree,
  state: DialogState,
  text: string,
  scoreNow: ScoreNow,
): Decision | null {
  const [heard, actions] = step(tree, state, { type: 'text', nowMs: 0, text, confidence: 1 });
  const question = actions.find((action) => action.type === 'score');
  const scored = question
    ? step(tree, heard, {
        type: 'scored',
        nowMs: 0,
        scoreId: question.scoreId,
        scores: scoreNow(question.nodeId, question.text, question.branchIds),
        degraded: false,
      })[1]
    : [];
  return [...actions, ...scored].find((action) => action.type === 'decided')?.decision ?? null;
}

interface Sentence {
  readonly state: DialogState;
  readonly text: string;
  readonly decision: Decision;
}

/** The sentences of stories at the questions they answer, where they are understood without errors. */
function* sentencesOf(tree: DialogTree, file: StoryFile, scoreNow: ScoreNow): Iterable<Sentence> {
  for (const { raw } of file.stories) {
    const variables = raw.variables as Record<string, Value>;
    let [state] = step(tree, initialState(tree), { type: 'started', nowMs: 0, channel: 'voice', variables });
    for (const { user: text } of raw.steps) {
      if (text === undefined || !isWaiting(tree.nodes.get(state.nodeId))) continue;
      const decision = decide(tree, state, text, scoreNow);
      if (!decision || !(decision.zone === 'accept' || decision.zone === 'slot')) continue;
      yield { state, text, decision };
      const next = tree.nodes.get(decision.nextNodeId);
      // Only where the next question is known without services and conditions does the story go on here.
      if (!isWaiting(next)) break;
      state = { ...state, nodeId: next.id, phase: { name: 'listening' } };
    }
  }
}

function compare(clean: Decision, noisy: Decision | null): Outcome {
  if (!noisy || noisy.zone === 'reject' || noisy.zone === 'no-match') return 'rejected';
  if (noisy.zone === 'confirm' || noisy.zone === 'choose') return 'asked';
  return noisy.branchId === clean.branchId && noisy.zone === clean.zone ? 'right' : 'wrong';
}

function wordsOf(text: string): string[] {
  return normalizeUtterance(text).match(/[a-z]+/g) ?? [];
}

/** The consonants of a word in groups that are easily confused (Soundex, Russell 1918), the first sound apart. */
function soundOf(word: string): string {
  let sound = '';
  for (const letter of word) {
    const code = soundCodes.get(letter) ?? '';
    if (code !== '' && !sound.endsWith(code)) sound += code;
  }
  return sound;
}

function pick(choices: readonly string[], otherwise: string, random: RandomShare): string {
  return choices[Math.floor(random() * choices.length)] ?? otherwise;
}

import { dialogLimits } from '../config/limits.js';
import { readExample, type Group, type Sequence } from './example-notation.js';

export type ExpandedExample =
  | { readonly ok: true; readonly sentences: readonly string[]; readonly truncated: boolean }
  | { readonly ok: false; readonly message: string; readonly offset: number; readonly fix: string };

/** Random sentences that are tried, for each that is wanted, before there are taken to be no more. */
const triesPerSentence = 8;

/**
 * The sentences that an example in compact notation stands for: `(我想|我要)?查(一下)?账单` gives six.
 *
 * Only `(…|…)` and a `?` right behind a group are notation; `\` takes the meaning from the character behind it. Of more
 * than `dialogLimits.examplesPerNotation` sentences a sample is taken (`truncated`), the same one each time: first what
 * it takes for each alternative to occur, then any sentences, all equally likely.
 */
export function expandExample(source: string): ExpandedExample {
  if (!/[()|｜\\]/.test(source)) return { ok: true, sentences: [source], truncated: false };
  const read = readExample(source);
  if (!read.ok) return read;
  const { sequence } = read;
  const truncated = sequence.ways > dialogLimits.examplesPerNotation;
  const sentences = truncated ? sampled(sequence) : all(sequence);
  sentences.delete('');
  if (sentences.size > 0) return { ok: true, sentences: [...sentences], truncated };
  return { ok: false, message: 'the example says nothing', offset: 0, fix: 'Write what a person says' };
}

function all(sequence: Sequence): Set<string> {
  const sentences = new Set<string>();
  for (let i = 0; i < sequence.ways; i++) sentences.add(tidy(sentenceAt(sequence, i)));
  return sentences;
}

function sampled(sequence: Sequence): Set<string> {
  const most = dialogLimits.examplesPerNotation;
  const sentences = new Set<string>();
  const visits = new Map<Sequence, number>();
  for (let i = 0; i < Math.min(sequence.need, most); i++)
    sentences.add(tidy(coveringSentence(sequence, visits)));
  const random = new Scatter();
  for (let tries = 0; sentences.size < most && tries < most * triesPerSentence; tries++)
    sentences.add(tidy(randomSentence(sequence, random)));
  return sentences;
}

function tidy(sentence: string): string {
  return sentence.replace(/\s+/gu, ' ').trim();
}

/** The groups are the digits of `index`, the first one counting fastest. */
function sentenceAt({ parts }: Sequence, index: number): string {
  let rest = index;
  let sentence = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      sentence += part;
      continue;
    }
    sentence += alternativeAt(part, rest % part.ways);
    rest = Math.floor(rest / part.ways);
  }
  return sentence;
}

function alternativeAt(group: Group, index: number): string {
  let rest = index;
  for (const alternative of group.alternatives) {
    if (rest < alternative.ways) return sentenceAt(alternative, rest);
    rest -= alternative.ways;
  }
  return '';
}

/** In each group the alternative that most sentences are still needed for. */
function coveringSentence({ parts }: Sequence, visits: Map<Sequence, number>): string {
  return parts.map((part) => (typeof part === 'string' ? part : coveringAlternative(part, visits))).join('');
}

function coveringAlternative({ alternatives }: Group, visits: Map<Sequence, number>): string {
  const missing = (sequence: Sequence): number => sequence.need - (visits.get(sequence) ?? 0);
  const [first, ...others] = alternatives;
  if (!first) return '';
  const chosen = others.reduce((best, other) => (missing(other) > missing(best) ? other : best), first);
  visits.set(chosen, (visits.get(chosen) ?? 0) + 1);
  return coveringSentence(chosen, visits);
}

function randomSentence({ parts }: Sequence, random: Scatter): string {
  return parts.map((part) => (typeof part === 'string' ? part : randomAlternative(part, random))).join('');
}

/** Alternatives that stand for more sentences are taken more often. */
function randomAlternative({ alternatives, ways }: Group, random: Scatter): string {
  let rest = random.next() * ways;
  for (const alternative of alternatives) {
    if (rest < alternative.ways) return randomSentence(alternative, random);
    rest -= alternative.ways;
  }
  return '';
}

/** Numbers that look random and are the same each time (a linear congruential generator, ANSI C's constants). */
class Scatter {
  #state = 1;

  /** In [0, 1). */
  next(): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return this.#state / 0x8000_0000;
  }
}

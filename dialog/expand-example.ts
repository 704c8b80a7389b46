import { dialogLimits } from '../config/limits.js';

export type ExpandedExample =
  | { readonly ok: true; readonly sentences: readonly string[]; readonly truncated: boolean }
  | { readonly ok: false; readonly message: string; readonly offset: number; readonly fix: string };

/** A sequence of texts and groups; a group is one of several sequences, or nothing where it may be left out. */
type Part = string | { readonly alternatives: readonly Sequence[]; readonly optional: boolean };
type Sequence = readonly Part[];

const deepest = 16;

/**
 * The sentences that an example in compact notation stands for: `(我想|我要)?查(一下)?账单` gives six.
 *
 * Only `(…|…)` and a `?` right behind a group are notation; `\` takes the meaning from the character behind it. Of more
 * than `dialogLimits.examplesPerNotation` sentences an even sample is taken, in which every alternative occurs while
 * there are fewer of them than that.
 */
export function expandExample(source: string): ExpandedExample {
  if (!/[()|\\]/.test(source)) return { ok: true, sentences: [source], truncated: false };
  const reader = new Reader(source);
  const sequence = reader.sequence(0);
  if (reader.problem) return { ok: false, ...reader.problem };
  if (reader.at < source.length) {
    const [found, fix] =
      source.charAt(reader.at) === ')'
        ? ['")" closes nothing', 'Remove it']
        : ['"|" outside of "( )"', 'Put "( )" around the alternatives'];
    return { ok: false, message: found, offset: reader.at, fix };
  }
  const total = countOf(sequence);
  const most = dialogLimits.examplesPerNotation;
  const truncated = total > most;
  const sentences = new Set<string>();
  for (let i = 0; i < Math.min(total, most); i++) {
    const sentence = sentenceOf(sequence, truncated ? sampling(i) : counting(i));
    sentences.add(sentence.replace(/\s+/gu, ' ').trim());
  }
  sentences.delete('');
  return { ok: true, sentences: [...sentences], truncated };
}

/** Chooses one of so many ways at the next group. */
type Choose = (ways: number) => number;

/** The digits of a number in the mixed base of the groups: counts through all sentences. */
function counting(index: number): Choose {
  let rest = index;
  return (ways) => {
    const digit = rest % ways;
    rest = Math.floor(rest / ways);
    return digit;
  };
}

/** Every group goes round its ways, each out of step with the next. */
function sampling(index: number): Choose {
  let group = 0;
  return (ways) => {
    const rounds = Math.floor(index / ways) * group + Math.floor(index / ways ** 2) * group ** 2;
    group++;
    return (index + rounds) % ways;
  };
}

class Reader {
  at = 0;
  problem: { readonly message: string; readonly offset: number; readonly fix: string } | null = null;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  /** Up to the end, a `|` or a `)` that belongs to the caller. */
  sequence(depth: number): Sequence {
    const parts: Part[] = [];
    let text = '';
    while (this.at < this.#source.length && !this.problem) {
      const character = this.#source.charAt(this.at);
      if (character === '|' || character === ')') break;
      if (character === '(') {
        parts.push(text, this.#group(depth));
        text = '';
        continue;
      }
      if (character === '\\') this.at++;
      text += this.#source.charAt(this.at++);
    }
    parts.push(text);
    return parts.filter((part) => part !== '');
  }

  #group(depth: number): Part {
    const offset = this.at;
    const alternatives: Sequence[] = [];
    if (depth >= deepest) {
      this.problem = {
        message: `groups are more than ${deepest} deep`,
        offset,
        fix: 'Write several examples',
      };
      return '';
    }
    do {
      this.at++;
      alternatives.push(this.sequence(depth + 1));
    } while (this.#source.charAt(this.at) === '|' && !this.problem);
    if (this.#source.charAt(this.at) !== ')')
      this.problem ??= {
        message: '"(" is not closed',
        offset,
        fix: 'Add ")", or write "\\(" for the sign itself',
      };
    this.at++;
    const optional = this.#source.charAt(this.at) === '?';
    if (optional) this.at++;
    return { alternatives, optional };
  }
}

/** At most 2^53; larger counts are only compared with the bound. */
function countOf(sequence: Sequence): number {
  return sequence.reduce((count, part) => Math.min(Number.MAX_SAFE_INTEGER, count * waysOf(part)), 1);
}

function waysOf(part: Part): number {
  if (typeof part === 'string') return 1;
  const ways = part.alternatives.reduce((sum, alternative) => sum + countOf(alternative), 0);
  return Math.min(Number.MAX_SAFE_INTEGER, ways + (part.optional ? 1 : 0));
}

function sentenceOf(sequence: Sequence, choose: Choose): string {
  return sequence
    .map((part) => (typeof part === 'string' ? part : alternativeAt(part, choose(waysOf(part)))))
    .join('');
}

function alternativeAt(part: Exclude<Part, string>, index: number): string {
  let rest = index;
  for (const alternative of part.alternatives) {
    const count = countOf(alternative);
    if (rest < count) return sentenceOf(alternative, counting(rest));
    rest -= count;
  }
  return '';
}

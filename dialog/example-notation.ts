import { dialogLimits } from '../config/limits.js';

/** Texts and groups, one behind the other. */
export interface Sequence {
  readonly parts: readonly (string | Group)[];
  /** Sentences it stands for; at most 2^53 - 1. */
  readonly ways: number;
  /** Sentences it takes for each alternative in it to occur once. */
  readonly need: number;
}

/** One of several sequences; what may be left out has an empty one at the end. */
export interface Group {
  readonly alternatives: readonly Sequence[];
  readonly ways: number;
  readonly need: number;
}

export type ReadExample =
  | { readonly ok: true; readonly sequence: Sequence }
  | { readonly ok: false; readonly message: string; readonly offset: number; readonly fix: string };

const deepest = 16;

/** Reads `(a|b)`, `(c)?` and `\(`; offsets are UTF-16 units. */
export function readExample(source: string): ReadExample {
  const most = dialogLimits.utteranceCharacters;
  if (source.length > most)
    return {
      ok: false,
      message: `the example is longer than ${most} characters`,
      offset: most,
      fix: 'Write several examples',
    };
  try {
    const reader = new Reader(source);
    const sequence = reader.sequence(0);
    reader.expectEnd();
    return { ok: true, sequence };
  } catch (error) {
    if (!(error instanceof NotationError)) throw error;
    return { ok: false, message: error.message, offset: error.offset, fix: error.fix };
  }
}

class NotationError extends Error {
  readonly offset: number;
  readonly fix: string;

  constructor(message: string, offset: number, fix: string) {
    super(message);
    this.name = 'NotationError';
    this.offset = offset;
    this.fix = fix;
  }
}

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Up to the end, a `|` or a `)` that belongs to the caller. */
  sequence(depth: number): Sequence {
    const parts: (string | Group)[] = [];
    let text = '';
    while (this.#at < this.#source.length) {
      const character = this.#peek();
      if (character === '|' || character === ')') break;
      if (character === '(') {
        parts.push(text, this.#group(depth));
        text = '';
      } else text += this.#character();
    }
    parts.push(text);
    return sequenceOf(parts.filter((part) => part !== ''));
  }

  expectEnd(): void {
    const left = this.#peek();
    if (left === ')') throw new NotationError('")" closes nothing', this.#at, 'Remove it, or write "\\)"');
    if (left === '|')
      throw new NotationError('"|" outside of "( )"', this.#at, 'Put "( )" around the alternatives');
  }

  #group(depth: number): Group {
    const offset = this.#at;
    if (depth >= deepest)
      throw new NotationError(`groups are more than ${deepest} deep`, offset, 'Write several examples');
    const alternatives: Sequence[] = [];
    do {
      this.#at++;
      alternatives.push(this.sequence(depth + 1));
    } while (this.#peek() === '|');
    if (this.#peek() !== ')')
      throw new NotationError('"(" is not closed', offset, 'Add ")", or write "\\(" for the sign itself');
    this.#at++;
    if (this.#peek() === '?') {
      this.#at++;
      alternatives.push(sequenceOf([]));
    }
    return groupOf(alternatives);
  }

  /** One that is said, taken out of its escape. */
  #character(): string {
    const character = this.#peek();
    this.#at++;
    if (character === '｜')
      throw new NotationError('"｜" is no notation', this.#at - 1, 'Write "(…|…)" with half-width signs');
    if (character !== '\\') return character;
    if (this.#at >= this.#source.length)
      throw new NotationError('"\\" stands before nothing', this.#at - 1, 'Remove it, or write "\\\\"');
    return this.#source.charAt(this.#at++);
  }

  #peek(): string {
    return this.#source.charAt(this.#at);
  }
}

function sequenceOf(parts: readonly (string | Group)[]): Sequence {
  const groups = parts.filter((part) => typeof part !== 'string');
  return {
    parts,
    ways: groups.reduce((ways, group) => bounded(ways * group.ways), 1),
    need: groups.reduce((need, group) => Math.max(need, group.need), 1),
  };
}

function groupOf(alternatives: readonly Sequence[]): Group {
  return {
    alternatives,
    ways: bounded(alternatives.reduce((ways, alternative) => ways + alternative.ways, 0)),
    need: alternatives.reduce((need, alternative) => need + alternative.need, 0),
  };
}

function bounded(count: number): number {
  return Math.min(count, Number.MAX_SAFE_INTEGER);
}

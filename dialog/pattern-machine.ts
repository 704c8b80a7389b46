import { isInsideWord, type CharacterSet } from './pattern-parser.js';
import { operations, type PatternProgram } from './pattern-program.js';

/** Instructions that are live at one place of the text, each at most once. */
class Threads {
  readonly members: Int32Array;
  size = 0;
  readonly #round: Int32Array;
  #current = 1;

  constructor(capacity: number) {
    this.members = new Int32Array(capacity);
    this.#round = new Int32Array(capacity);
  }

  has(state: number): boolean {
    return this.#round[state] === this.#current;
  }

  /** False when it was there before. */
  add(state: number): boolean {
    if (this.#round[state] === this.#current) return false;
    this.#round[state] = this.#current;
    this.members[this.size++] = state;
    return true;
  }

  clear(): void {
    this.size = 0;
    this.#current++;
  }
}

/** One text under one program. Each question costs at most the instructions times the characters, twice for `find`. */
export class PatternMachine {
  readonly #program: PatternProgram;
  readonly #characters: readonly string[];
  readonly #ignoreCase: boolean;
  readonly #match: number;
  #threads: Threads;
  #next: Threads;
  /** What each set said of the character at `#askedAt`: 0 not asked, 1 no, 2 yes. */
  readonly #answers: Uint8Array;
  #askedAt = -1;
  #forms: readonly string[] = [];
  /** Instructions looked at so far. */
  #visits = 0;
  /** Which characters are inside words: 0 not asked, 1 no, 2 yes. */
  readonly #words: Uint8Array;

  /** `characters` are whole code points. */
  constructor(program: PatternProgram, characters: readonly string[], ignoreCase: boolean) {
    this.#program = program;
    this.#characters = characters;
    this.#ignoreCase = ignoreCase;
    this.#match = program.size - 1;
    this.#threads = new Threads(program.size);
    this.#next = new Threads(program.size);
    this.#answers = new Uint8Array(program.sets.length);
    this.#words = new Uint8Array(characters.length);
  }

  /** How many instructions were looked at, each at most once a character and pass. */
  get visits(): number {
    return this.#visits;
  }

  matchesSomewhere(): boolean {
    this.#threads.clear();
    for (let at = 0; at <= this.#characters.length; at++) {
      this.#follow(this.#threads, 0, at);
      if (this.#threads.has(this.#match)) return true;
      this.#advance(at, null);
    }
    return false;
  }

  matchesWhole(): boolean {
    this.#threads.clear();
    this.#follow(this.#threads, 0, 0);
    for (let at = 0; at < this.#characters.length; at++) {
      this.#advance(at, null);
      if (this.#threads.size === 0) return false;
    }
    return this.#threads.has(this.#match);
  }

  /**
   * Up to `most` matches in characters: leftmost, longest, not empty, not overlapping.
   *
   * A first pass, from the end, notes which instructions can still reach the match from each place. The second follows
   * only those, so that it stops where the longest match ends and no character is looked at for two matches.
   */
  find(most: number): { start: number; end: number }[] {
    const hopeful = this.#hopeful();
    const matches: { start: number; end: number }[] = [];
    for (let start = 0; start < this.#characters.length && matches.length < most;) {
      const end = this.#longest(start, hopeful);
      if (end > start) matches.push({ start, end });
      start = Math.max(end, start + 1);
    }
    return matches;
  }

  #longest(start: number, hopeful: BitRows): number {
    let longest = start;
    this.#threads.clear();
    this.#follow(this.#threads, 0, start);
    for (let at = start; this.#threads.size > 0; at++) {
      this.#advance(at, hopeful);
      if (this.#threads.has(this.#match)) longest = at + 1;
    }
    return longest;
  }

  /** Takes the threads over the character at `at`; with `hopeful` only those that will match. */
  #advance(at: number, hopeful: BitRows | null): void {
    const { operation, first } = this.#program;
    this.#next.clear();
    for (let i = 0; i < this.#threads.size; i++) {
      const state = this.#threads.members[i] ?? 0;
      if (operation[state] !== operations.set || !this.#takes(first[state] ?? 0, at)) continue;
      if (hopeful?.has(at + 1, state + 1) !== false) this.#follow(this.#next, state + 1, at + 1);
    }
    [this.#threads, this.#next] = [this.#next, this.#threads];
  }

  /** Adds a state and all that follow from it without a character. The members double as the list of work. */
  #follow(threads: Threads, state: number, at: number): void {
    const { operation, first, second } = this.#program;
    let done = threads.size;
    threads.add(state);
    for (; done < threads.size; done++) {
      this.#visits++;
      const open = threads.members[done] ?? 0;
      switch (operation[open]) {
        case operations.fork:
          threads.add(first[open] ?? 0);
          threads.add(second[open] ?? 0);
          break;
        case operations.jump:
          threads.add(first[open] ?? 0);
          break;
        case operations.set:
        case operations.match:
          break;
        default:
          if (this.#holds(operation[open] ?? 0, at)) threads.add(open + 1);
      }
    }
  }

  /** For each place of the text the instructions from which the match can be reached. */
  #hopeful(): BitRows {
    const { operation, first, size } = this.#program;
    const rows = new BitRows(this.#characters.length + 1, size);
    this.#threads.clear();
    for (let at = this.#characters.length; at >= 0; at--) {
      this.#next.clear();
      this.#next.add(this.#match);
      for (let i = 0; i < this.#threads.size; i++) {
        const before = (this.#threads.members[i] ?? 0) - 1;
        if (before < 0 || operation[before] !== operations.set) continue;
        if (this.#takes(first[before] ?? 0, at)) this.#next.add(before);
      }
      this.#followBack(this.#next, at);
      for (let i = 0; i < this.#next.size; i++) rows.add(at, this.#next.members[i] ?? 0);
      [this.#threads, this.#next] = [this.#next, this.#threads];
    }
    return rows;
  }

  #followBack(threads: Threads, at: number): void {
    const { operation, before } = this.#program;
    for (let done = 0; done < threads.size; done++) {
      this.#visits++;
      for (const state of before[threads.members[done] ?? 0] ?? [])
        if (this.#holds(operation[state] ?? 0, at)) threads.add(state);
    }
  }

  /** True for what is no condition, and for a condition that is met between the characters before and at `at`. */
  #holds(operation: number, at: number): boolean {
    switch (operation) {
      case operations.start:
        return at === 0;
      case operations.end:
        return at === this.#characters.length;
      case operations.boundary:
        return this.#isWord(at - 1) !== this.#isWord(at);
      default:
        return true;
    }
  }

  #isWord(at: number): boolean {
    const character = this.#characters[at];
    if (character === undefined) return false;
    if (this.#words[at] === 0) this.#words[at] = isInsideWord(character) ? 2 : 1;
    return this.#words[at] === 2;
  }

  #takes(set: number, at: number): boolean {
    const character = this.#characters[at];
    if (character === undefined) return false;
    if (this.#askedAt !== at) {
      this.#askedAt = at;
      this.#answers.fill(0);
      this.#forms = this.#ignoreCase ? casesOf(character) : [character];
    }
    if (this.#answers[set] === 0) {
      const asked = this.#program.sets[set];
      this.#answers[set] = asked && holdsOne(asked, this.#forms) ? 2 : 1;
    }
    return this.#answers[set] === 2;
  }
}

/** Rows of bits. */
class BitRows {
  readonly #words: Uint32Array;
  readonly #wordsPerRow: number;

  constructor(rows: number, bits: number) {
    this.#wordsPerRow = Math.ceil(bits / 32);
    this.#words = new Uint32Array(rows * this.#wordsPerRow);
  }

  add(row: number, bit: number): void {
    const word = row * this.#wordsPerRow + (bit >>> 5);
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (bit & 31));
  }

  has(row: number, bit: number): boolean {
    const word = this.#words[row * this.#wordsPerRow + (bit >>> 5)] ?? 0;
    return (word & (1 << (bit & 31))) !== 0;
  }
}

/** A character in both cases, without those that become several characters (ß is not S). */
function casesOf(character: string): readonly string[] {
  const upper = character.toUpperCase();
  const forms = new Set([character, character.toLowerCase(), upper, upper.toLowerCase()]);
  return [...forms].filter((form) => form.length === character.length);
}

function holdsOne({ negated, ranges, classes }: CharacterSet, forms: readonly string[]): boolean {
  const found = forms.some((form) => {
    const code = form.codePointAt(0) ?? 0;
    return ranges.some(([low, high]) => code >= low && code <= high) || classes.some((test) => test(form));
  });
  return found !== negated;
}

import { dialogLimits } from '../config/limits.js';
import {
  isWordCharacter,
  parsePattern,
  PatternError,
  type CharacterSet,
  type PatternSyntax,
} from './pattern-parser.js';

/** A place in a text, in UTF-16 units. */
export interface Match {
  readonly start: number;
  readonly end: number;
}

export type CompiledPattern =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly message: string; readonly offset: number; readonly fix: string };

type Instruction =
  | { readonly type: 'set'; readonly set: CharacterSet }
  | { readonly type: 'fork'; readonly first: number; readonly second: number }
  | { readonly type: 'jump'; readonly to: number }
  | { readonly type: 'start' | 'end' | 'boundary' | 'match' };

/**
 * Compiles a regular expression whose running time is linear in the text, whatever it looks like: there is no
 * backtracking (Thompson 1968; every state of the program is visited once for each character).
 *
 * Known are literals, `.`, classes, `\d \w \s \b \p{Han}`, groups, `|`, `* + ? {2,4}`, `^` and `$`; `ignoreCase` folds case.
 */
export function compilePattern(source: string, { ignoreCase = false } = {}): CompiledPattern {
  try {
    const program: Instruction[] = [];
    emit(parsePattern(source), program);
    push(program, { type: 'match' });
    return { ok: true, pattern: new Pattern(program, ignoreCase) };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { ok: false, message: error.message, offset: error.offset, fix: error.fix };
  }
}

/** A compiled regular expression; immutable. */
export class Pattern {
  readonly #program: readonly Instruction[];
  readonly #ignoreCase: boolean;

  constructor(program: readonly Instruction[], ignoreCase: boolean) {
    this.#program = program;
    this.#ignoreCase = ignoreCase;
  }

  /** True when some part of the text matches. */
  test(text: string): boolean {
    return this.#search(charactersOf(text), 0) !== null;
  }

  /** True when all of the text matches. */
  matchesWhole(text: string): boolean {
    const characters = charactersOf(text);
    return this.#longestAt(characters, 0) === characters.length;
  }

  /** The leftmost matches, each as long as possible, without overlaps and empty ones; at most 100. */
  find(text: string): readonly Match[] {
    const characters = charactersOf(text);
    const offsets = offsetsOf(characters);
    const matches: Match[] = [];
    for (let from = 0; matches.length < 100;) {
      const found = this.#search(characters, from);
      if (!found) break;
      if (found.end > found.start)
        matches.push({ start: offsets[found.start] ?? 0, end: offsets[found.end] ?? text.length });
      from = Math.max(found.end, found.start + 1);
      if (from > characters.length) break;
    }
    return matches;
  }

  /** The first start at which anything matches, with the longest match there. */
  #search(characters: readonly string[], from: number): Match | null {
    const start = this.#firstStart(characters, from);
    if (start === null) return null;
    const end = this.#longestAt(characters, start);
    return end === null ? null : { start, end };
  }

  /** One pass with every start at once; each state keeps the earliest start that leads to it. */
  #firstStart(characters: readonly string[], from: number): number | null {
    let states = new Map<number, number>();
    let best: number | null = null;
    for (let at = from; at <= characters.length; at++) {
      if (best === null) this.#follow(states, 0, at, characters, at);
      for (const [state, start] of states) {
        if (this.#program[state]?.type === 'match' && (best === null || start < best)) best = start;
      }
      const open = best;
      const next = new Map<number, number>();
      for (const [state, start] of states) {
        if (open !== null && start >= open) continue;
        if (this.#consumes(state, characters[at])) this.#follow(next, state + 1, start, characters, at + 1);
      }
      if (best !== null && next.size === 0) return best;
      states = next;
    }
    return best;
  }

  #longestAt(characters: readonly string[], start: number): number | null {
    let states = new Map<number, number>();
    this.#follow(states, 0, start, characters, start);
    let longest: number | null = null;
    for (let at = start; states.size > 0; at++) {
      for (const state of states.keys()) if (this.#program[state]?.type === 'match') longest = at;
      const next = new Map<number, number>();
      for (const state of states.keys()) {
        if (this.#consumes(state, characters[at])) this.#follow(next, state + 1, start, characters, at + 1);
      }
      states = next;
    }
    return longest;
  }

  #consumes(state: number, character: string | undefined): boolean {
    const instruction = this.#program[state];
    if (instruction?.type !== 'set' || character === undefined) return false;
    if (holds(instruction.set, character)) return true;
    if (!this.#ignoreCase) return false;
    return [character.toLowerCase(), character.toUpperCase()].some(
      (folded) => folded !== character && holds(instruction.set, folded),
    );
  }

  /** Adds a state and all that follow from it without a character; one that is there keeps the smaller start. */
  #follow(
    states: Map<number, number>,
    first: number,
    start: number,
    characters: readonly string[],
    at: number,
  ): void {
    const open = [first];
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      const known = states.get(state);
      if (known !== undefined && known <= start) continue;
      states.set(state, start);
      const instruction = this.#program[state];
      switch (instruction?.type) {
        case 'jump':
          open.push(instruction.to);
          break;
        case 'fork':
          open.push(instruction.second, instruction.first);
          break;
        case 'start':
          if (at === 0) open.push(state + 1);
          break;
        case 'end':
          if (at === characters.length) open.push(state + 1);
          break;
        case 'boundary':
          if (isBoundary(characters, at)) open.push(state + 1);
          break;
        default:
          break;
      }
    }
  }
}

function emit(syntax: PatternSyntax, program: Instruction[]): void {
  switch (syntax.type) {
    case 'set':
      push(program, { type: 'set', set: syntax.set });
      break;
    case 'start':
    case 'end':
    case 'boundary':
      push(program, { type: syntax.type });
      break;
    case 'sequence':
      for (const part of syntax.parts) emit(part, program);
      break;
    case 'either':
      emitEither(syntax.parts, program);
      break;
    case 'repeat':
      emitRepeat(syntax, program);
      break;
  }
}

function emitEither(parts: readonly PatternSyntax[], program: Instruction[]): void {
  const jumps: number[] = [];
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    const fork = last ? -1 : push(program, { type: 'jump', to: 0 });
    emit(part, program);
    if (last) return;
    jumps.push(push(program, { type: 'jump', to: 0 }));
    program[fork] = { type: 'fork', first: fork + 1, second: program.length };
  });
  for (const jump of jumps) program[jump] = { type: 'jump', to: program.length };
}

function emitRepeat(
  { part, least, most }: Extract<PatternSyntax, { type: 'repeat' }>,
  program: Instruction[],
): void {
  for (let i = 0; i < least; i++) emit(part, program);
  if (most === Infinity) {
    const fork = push(program, { type: 'jump', to: 0 });
    emit(part, program);
    push(program, { type: 'jump', to: fork });
    program[fork] = { type: 'fork', first: fork + 1, second: program.length };
    return;
  }
  const forks: number[] = [];
  for (let i = least; i < most; i++) {
    forks.push(push(program, { type: 'jump', to: 0 }));
    emit(part, program);
  }
  for (const fork of forks) program[fork] = { type: 'fork', first: fork + 1, second: program.length };
}

/** Returns the index of the instruction. */
function push(program: Instruction[], instruction: Instruction): number {
  if (program.length >= dialogLimits.patternProgram)
    throw new PatternError(
      'the pattern is too large when its repetitions are written out',
      0,
      'Repeat less often',
    );
  return program.push(instruction) - 1;
}

function holds({ negated, ranges, classes }: CharacterSet, character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  const found =
    ranges.some(([low, high]) => code >= low && code <= high) || classes.some((test) => test(character));
  return found !== negated;
}

function isBoundary(characters: readonly string[], at: number): boolean {
  const isWord = (character: string | undefined): boolean =>
    character !== undefined && isWordCharacter(character);
  return isWord(characters[at - 1]) !== isWord(characters[at]);
}

/** Whole code points, cut at the longest utterance. */
function charactersOf(text: string): string[] {
  return [...text.slice(0, dialogLimits.utteranceCharacters)];
}

/** UTF-16 offset of each character, and of the end. */
function offsetsOf(characters: readonly string[]): number[] {
  const offsets = [0];
  for (const character of characters) offsets.push((offsets.at(-1) ?? 0) + character.length);
  return offsets;
}

import { dialogLimits } from '../config/limits.js';
import { parsePattern, PatternError } from './pattern-parser.js';
import { PatternMachine } from './pattern-machine.js';
import { programOf, type PatternProgram } from './pattern-program.js';

/** A place in a text, in UTF-16 units. */
export interface Match {
  readonly start: number;
  readonly end: number;
}

export type CompiledPattern =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly message: string; readonly offset: number; readonly fix: string };

/**
 * Compiles a regular expression whose running time is linear in the text, whatever it looks like: there is no
 * backtracking (Thompson 1968; every instruction is visited at most once for each character).
 *
 * Known are literals, `.`, classes, `\d \w \s \b \p{Han}`, groups, `|`, `* + ? {2,4}`, `^` and `$`; `ignoreCase` folds case.
 */
export function compilePattern(source: string, { ignoreCase = false } = {}): CompiledPattern {
  try {
    return { ok: true, pattern: new Pattern(programOf(parsePattern(source)), ignoreCase) };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { ok: false, message: error.message, offset: error.offset, fix: error.fix };
  }
}

/** A compiled regular expression; immutable. A text over `dialogLimits.textCharacters` matches nothing. */
export class Pattern {
  readonly #program: PatternProgram;
  readonly #ignoreCase: boolean;

  constructor(program: PatternProgram, ignoreCase: boolean) {
    this.#program = program;
    this.#ignoreCase = ignoreCase;
  }

  /** Instructions of its program; times the characters of a text, what a question about that text may cost. */
  get size(): number {
    return this.#program.size;
  }

  /** True when some part of the text matches, be it empty. */
  test(text: string): boolean {
    return this.#machine(text)?.matchesSomewhere() ?? false;
  }

  /** True when all of the text matches. */
  matchesWhole(text: string): boolean {
    return this.#machine(text)?.matchesWhole() ?? false;
  }

  /**
   * The leftmost matches, each as long as possible, without overlaps and empty ones; at most
   * `dialogLimits.patternMatches`.
   */
  find(text: string): readonly Match[] {
    const characters = [...text.slice(0, dialogLimits.textCharacters + 1)];
    const offsets = offsetsOf(characters);
    const found = this.#machine(text)?.find(dialogLimits.patternMatches) ?? [];
    return found.map(({ start, end }) => ({ start: offsets[start] ?? 0, end: offsets[end] ?? text.length }));
  }

  #machine(text: string): PatternMachine | null {
    if (text.length > dialogLimits.textCharacters) return null;
    return new PatternMachine(this.#program, [...text], this.#ignoreCase);
  }
}

/** UTF-16 offset of each character, and of the end. */
function offsetsOf(characters: readonly string[]): number[] {
  const offsets = [0];
  for (const character of characters) offsets.push((offsets.at(-1) ?? 0) + character.length);
  return offsets;
}

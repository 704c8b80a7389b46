import { dialogLimits } from '../config/limits.js';

/** A set of characters. */
export interface CharacterSet {
  readonly negated: boolean;
  readonly ranges: readonly (readonly [number, number])[];
  /** Unicode classes; each tests one character. */
  readonly classes: readonly ((character: string) => boolean)[];
}

/** A pattern as a tree; `size` is the number of instructions it becomes when its repetitions are written out. */
export type PatternSyntax =
  | { readonly type: 'set'; readonly set: CharacterSet; readonly size: number }
  | { readonly type: 'start' | 'end' | 'boundary'; readonly size: number }
  | { readonly type: 'sequence' | 'either'; readonly parts: readonly PatternSyntax[]; readonly size: number }
  | {
      readonly type: 'repeat';
      readonly part: PatternSyntax;
      readonly least: number;
      readonly most: number;
      readonly size: number;
    };

/** Something wrong with a pattern; `offset` counts UTF-16 units of its source. */
export class PatternError extends Error {
  readonly offset: number;
  readonly fix: string;

  constructor(message: string, offset: number, fix: string) {
    super(message);
    this.name = 'PatternError';
    this.offset = offset;
    this.fix = fix;
  }
}

const deepest = 32;
const mostRepeats = 200;

type Class = (character: string) => boolean;

const digit: Class = (character) => character >= '0' && character <= '9';
const word: Class = (character) => /^[\p{L}\p{N}_]$/u.test(character);
const space: Class = (character) => /^\s$/.test(character);
const han: Class = (character) => /^\p{Script=Han}$/u.test(character);
const not =
  (test: Class): Class =>
  (character) =>
    !test(character);

/**
 * What `\b` sees as part of a word. Chinese writes no spaces, so a Latin word or a number ends where Chinese begins:
 * `\bVIP\b` is found in 我是VIP用户.
 */
export const isInsideWord: Class = (character) => word(character) && !han(character);

const escapedClasses: ReadonlyMap<string, Class> = new Map([
  ['d', digit],
  ['D', not(digit)],
  ['w', word],
  ['W', not(word)],
  ['s', space],
  ['S', not(space)],
]);

const unicodeClasses: ReadonlyMap<string, Class> = new Map([
  ['Han', han],
  ['Script=Han', han],
  ['L', (character) => /^\p{L}$/u.test(character)],
  ['Lu', (character) => /^\p{Lu}$/u.test(character)],
  ['Ll', (character) => /^\p{Ll}$/u.test(character)],
  ['N', (character) => /^\p{N}$/u.test(character)],
  ['P', (character) => /^\p{P}$/u.test(character)],
]);

const escapedCharacters: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
]);

/** All but the ends of lines, as in JavaScript. */
const anyCharacter: CharacterSet = {
  negated: true,
  ranges: [
    [0x0a, 0x0a],
    [0x0d, 0x0d],
    [0x2028, 0x2029],
  ],
  classes: [],
};

/** Parses the regular expressions that `Pattern` can run. Throws PatternError. */
export function parsePattern(source: string): PatternSyntax {
  if (source.length > dialogLimits.patternCharacters)
    throw new PatternError(
      `the pattern is longer than ${dialogLimits.patternCharacters} characters`,
      0,
      'Split it',
    );
  const parser = new PatternParser(source);
  const syntax = parser.either(0);
  parser.expectEnd();
  if (syntax.size < dialogLimits.patternProgram) return syntax;
  throw new PatternError(
    'the pattern is too large when its repetitions are written out',
    0,
    'Repeat less often',
  );
}

class PatternParser {
  readonly #characters: readonly string[];
  #at = 0;

  constructor(source: string) {
    this.#characters = [...source];
  }

  either(depth: number): PatternSyntax {
    if (depth > deepest) throw this.#error('groups are nested too deep', 'Simplify the pattern');
    const parts = [this.#sequence(depth)];
    while (this.#take('|')) parts.push(this.#sequence(depth));
    const [only] = parts;
    if (only && parts.length === 1) return only;
    return { type: 'either', parts, size: sizeOf(parts) + 2 * (parts.length - 1) };
  }

  expectEnd(): void {
    if (this.#at < this.#characters.length)
      throw this.#error('")" closes nothing', 'Remove it, or write "\\)"');
  }

  #sequence(depth: number): PatternSyntax {
    const parts: PatternSyntax[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek())
      parts.push(this.#repeated(this.#atom(depth)));
    return { type: 'sequence', parts, size: sizeOf(parts) };
  }

  #repeated(part: PatternSyntax): PatternSyntax {
    const bounds = this.#bounds();
    if (!bounds) return part;
    const at = this.#at;
    if (this.#peek() === '?') throw this.#error('there is no lazy repetition', 'Remove the second "?"');
    if (this.#bounds()) throw this.#error('a repetition of a repetition', 'Put "( )" around the first', at);
    const { least, most } = bounds;
    const optional = most === Infinity ? part.size + 2 : (most - least) * (part.size + 1);
    return { type: 'repeat', part, ...bounds, size: part.size === 0 ? 0 : least * part.size + optional };
  }

  #bounds(): { least: number; most: number } | null {
    if (this.#take('*')) return { least: 0, most: Infinity };
    if (this.#take('+')) return { least: 1, most: Infinity };
    if (this.#take('?')) return { least: 0, most: 1 };
    if (this.#peek() !== '{') return null;
    const [whole, low, comma, high] =
      /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join('')) ?? [];
    if (whole === undefined) throw this.#error('"{" without numbers', 'Write {2} or {2,4}, or "\\{"');
    const at = this.#at;
    this.#at += whole.length;
    const least = Number(low);
    const most = comma === undefined ? least : high === undefined ? Infinity : Number(high);
    if (least > most || Math.max(least, most === Infinity ? 0 : most) > mostRepeats)
      throw this.#error(
        `a repetition goes up to ${mostRepeats}, the smaller number first`,
        'Correct the numbers',
        at,
      );
    return { least, most };
  }

  #atom(depth: number): PatternSyntax {
    const at = this.#at;
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group(depth, at);
      case '[':
        return { type: 'set', set: this.#set(at), size: 1 };
      case '.':
        return { type: 'set', set: anyCharacter, size: 1 };
      case '^':
        return { type: 'start', size: 1 };
      case '$':
        return { type: 'end', size: 1 };
      case '*':
      case '+':
      case '?':
      case '{': {
        const fix = `Write "\\${character}" for the sign itself`;
        throw this.#error(`"${character}" repeats nothing`, fix, at);
      }
      case '\\':
        if (this.#take('b')) return { type: 'boundary', size: 1 };
        return { type: 'set', set: setOf(this.#escape()), size: 1 };
      default:
        return { type: 'set', set: setOf(character), size: 1 };
    }
  }

  /** After `(`. */
  #group(depth: number, at: number): PatternSyntax {
    if (this.#take('?') && !this.#take(':'))
      throw this.#error('look-around, names and flags of groups are not known', 'Use plain "( )"', at);
    const inner = this.either(depth + 1);
    if (!this.#take(')'))
      throw this.#error('"(" is not closed', 'Add ")", or write "\\(" for the sign itself', at);
    return inner;
  }

  /** After `[`. */
  #set(at: number): CharacterSet {
    const negated = this.#take('^');
    const ranges: [number, number][] = [];
    const classes: Class[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const start = this.#at;
      const from = this.#member(at);
      if (typeof from !== 'string') {
        classes.push(from);
        continue;
      }
      const ranged = this.#peek() === '-' && this.#characters[this.#at + 1] !== ']';
      if (ranged) this.#at++;
      const to = ranged ? this.#member(at) : from;
      if (typeof to !== 'string')
        throw this.#error('a class cannot end a range', 'Write the characters out', start);
      const [low, high] = [codeOf(from), codeOf(to)];
      if (low > high) throw this.#error(`the range ${from}-${to} is empty`, 'Swap the two', start);
      ranges.push([low, high]);
    }
    this.#at++;
    return { negated, ranges, classes };
  }

  /** One character or class of the set that was opened at `opened`. */
  #member(opened: number): string | Class {
    if (this.#peek() === undefined)
      throw this.#error('"[" is not closed', 'Add "]", or write "\\[" for the sign itself', opened);
    const character = this.#next();
    return character === '\\' ? this.#escape() : character;
  }

  /** After a backslash. */
  #escape(): string | Class {
    const at = this.#at - 1;
    const character = this.#next();
    const known = escapedClasses.get(character);
    if (known) return known;
    if (character === 'p' || character === 'P') return this.#unicodeClass(character === 'P', at);
    if (/[1-9k]/.test(character))
      throw this.#error('back-references are not known', 'Write what is repeated twice', at);
    const plain = escapedCharacters.get(character);
    if (plain === undefined && /[A-Za-z0-9]/.test(character))
      throw this.#error(`"\\${character}" is not known`, 'Use \\d \\w \\s \\b \\n \\t or \\p{Han}', at);
    return plain ?? character;
  }

  #unicodeClass(negated: boolean, at: number): Class {
    const end = this.#characters.indexOf('}', this.#at);
    const name = this.#peek() === '{' && end > 0 ? this.#characters.slice(this.#at + 1, end).join('') : '';
    const known = unicodeClasses.get(name);
    if (!known)
      throw this.#error('an unknown \\p{…}', `Use one of ${[...unicodeClasses.keys()].join(', ')}`, at);
    this.#at = end + 1;
    return negated ? not(known) : known;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw this.#error('the pattern ends too early', 'Add what is missing');
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  /** `at` is an index of a character. */
  #error(message: string, fix: string, at = this.#at): PatternError {
    return new PatternError(message, this.#characters.slice(0, at).join('').length, fix);
  }
}

function setOf(content: string | Class): CharacterSet {
  if (typeof content !== 'string') return { negated: false, ranges: [], classes: [content] };
  const code = codeOf(content);
  return { negated: false, ranges: [[code, code]], classes: [] };
}

function sizeOf(parts: readonly PatternSyntax[]): number {
  return parts.reduce((size, part) => size + part.size, 0);
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

import { dialogLimits } from '../config/limits.js';

/** A set of characters. */
export interface CharacterSet {
  readonly negated: boolean;
  readonly ranges: readonly (readonly [number, number])[];
  /** Unicode classes; each tests one character. */
  readonly classes: readonly ((character: string) => boolean)[];
}

export type PatternSyntax =
  | { readonly type: 'set'; readonly set: CharacterSet }
  | { readonly type: 'start' | 'end' | 'boundary' }
  | { readonly type: 'sequence' | 'either'; readonly parts: readonly PatternSyntax[] }
  | { readonly type: 'repeat'; readonly part: PatternSyntax; readonly least: number; readonly most: number };

/** Something wrong with a pattern. */
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

const digit: Class = (character) => /^\d$/.test(character);
export const isWordCharacter: Class = (character) => /^[\p{L}\p{N}_]$/u.test(character);
const space: Class = (character) => /^\s$/.test(character);
const not =
  (test: Class): Class =>
  (character) =>
    !test(character);

const escapedClasses: Readonly<Record<string, Class>> = {
  d: digit,
  D: not(digit),
  w: isWordCharacter,
  W: not(isWordCharacter),
  s: space,
  S: not(space),
};

const unicodeClasses: Readonly<Record<string, Class>> = {
  Han: (character) => /^\p{Script=Han}$/u.test(character),
  L: (character) => /^\p{L}$/u.test(character),
  Lu: (character) => /^\p{Lu}$/u.test(character),
  Ll: (character) => /^\p{Ll}$/u.test(character),
  N: (character) => /^\p{N}$/u.test(character),
  P: (character) => /^\p{P}$/u.test(character),
};

const escapedCharacters: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

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
  return syntax;
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
    return only && parts.length === 1 ? only : { type: 'either', parts };
  }

  expectEnd(): void {
    if (this.#at < this.#characters.length)
      throw this.#error('")" closes nothing', 'Remove it, or write "\\)"');
  }

  #sequence(depth: number): PatternSyntax {
    const parts: PatternSyntax[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek())
      parts.push(this.#repeated(this.#atom(depth)));
    return { type: 'sequence', parts };
  }

  #repeated(part: PatternSyntax): PatternSyntax {
    const bounds = this.#bounds();
    if (!bounds) return part;
    if (this.#peek() === '?') throw this.#error('there is no lazy repetition', 'Remove the second "?"');
    if (this.#bounds()) throw this.#error('a repetition of a repetition', 'Put "( )" around the first');
    return { type: 'repeat', part, ...bounds };
  }

  #bounds(): { least: number; most: number } | null {
    if (this.#take('*')) return { least: 0, most: Infinity };
    if (this.#take('+')) return { least: 1, most: Infinity };
    if (this.#take('?')) return { least: 0, most: 1 };
    if (this.#peek() !== '{') return null;
    const [whole, low, comma, high] =
      /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join('')) ?? [];
    if (whole === undefined) throw this.#error('"{" without numbers', 'Write {2} or {2,4}, or "\\{"');
    this.#at += whole.length;
    const least = Number(low);
    const most = comma === undefined ? least : high === undefined ? Infinity : Number(high);
    if (least > most || Math.max(least, most === Infinity ? 0 : most) > mostRepeats)
      throw this.#error(
        `a repetition goes up to ${mostRepeats}, the smaller number first`,
        'Correct the numbers',
      );
    return { least, most };
  }

  #atom(depth: number): PatternSyntax {
    const character = this.#next();
    switch (character) {
      case '(': {
        if (this.#take('?') && !this.#take(':'))
          throw this.#error('look-around and names of groups are not known', 'Use plain "( )"');
        const inner = this.either(depth + 1);
        if (!this.#take(')')) throw this.#error('"(" is not closed', 'Add ")"');
        return inner;
      }
      case '[':
        return { type: 'set', set: this.#set() };
      case '.':
        return { type: 'set', set: { negated: true, ranges: [[10, 10]], classes: [] } };
      case '^':
        return { type: 'start' };
      case '$':
        return { type: 'end' };
      case '*':
      case '+':
      case '?':
      case '{':
        throw this.#error(`"${character}" repeats nothing`, `Write "\\${character}" for the sign itself`);
      case '\\':
        return this.#take('b') ? { type: 'boundary' } : { type: 'set', set: setOf(this.#escape()) };
      default:
        return { type: 'set', set: setOf(character) };
    }
  }

  /** After `[`. */
  #set(): CharacterSet {
    const negated = this.#take('^');
    const ranges: [number, number][] = [];
    const classes: Class[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const from = this.#member();
      if (typeof from !== 'string') {
        classes.push(from);
        continue;
      }
      const ranged = this.#peek() === '-' && this.#characters[this.#at + 1] !== ']';
      if (ranged) this.#at++;
      const to = ranged ? this.#member() : from;
      if (typeof to !== 'string') throw this.#error('a class cannot end a range', 'Write the characters out');
      const [low, high] = [codeOf(from), codeOf(to)];
      if (low > high) throw this.#error(`the range ${from}-${to} is empty`, 'Swap the two');
      ranges.push([low, high]);
    }
    this.#at++;
    return { negated, ranges, classes };
  }

  #member(): string | Class {
    const character = this.#next();
    return character === '\\' ? this.#escape() : character;
  }

  /** After a backslash. */
  #escape(): string | Class {
    const character = this.#next();
    const known = escapedClasses[character];
    if (known) return known;
    if (character === 'p' || character === 'P') return this.#unicodeClass(character === 'P');
    if (/[1-9k]/.test(character))
      throw this.#error('back-references are not known', 'Write the pattern twice');
    const plain = escapedCharacters[character] ?? character;
    if (plain === character && /[A-Za-z]/.test(character))
      throw this.#error(`"\\${character}" is not known`, 'Use \\d \\w \\s \\b \\n \\t or \\p{Han}');
    return plain;
  }

  #unicodeClass(negated: boolean): Class {
    const end = this.#characters.indexOf('}', this.#at);
    const name = this.#peek() === '{' && end > 0 ? this.#characters.slice(this.#at + 1, end).join('') : '';
    const known = Object.hasOwn(unicodeClasses, name) ? unicodeClasses[name] : undefined;
    if (!known)
      throw this.#error('an unknown \\p{…}', `Use one of ${Object.keys(unicodeClasses).join(', ')}`);
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

  #error(message: string, fix: string): PatternError {
    return new PatternError(message, Math.min(this.#at, this.#characters.length), fix);
  }
}

function setOf(content: string | Class): CharacterSet {
  if (typeof content !== 'string') return { negated: false, ranges: [], classes: [content] };
  const code = codeOf(content);
  return { negated: false, ranges: [[code, code]], classes: [] };
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

import { speechLimits } from '../../../config/limits.js';
import type { Expansion, Grammar } from './grammar.js';
import { isChinese } from './tokenize.js';

export { tokenize } from './tokenize.js';

/** What a grammar says about a string of tokens. */
export interface GrammarMatch {
  /** `partial`: nothing is complete yet, and more tokens could make it so. */
  readonly outcome: 'match' | 'partial' | 'no-match';
  /** More tokens could still lead to a match. */
  readonly canExtend: boolean;
  /** The meaning when it matches, else ''. */
  readonly interpretation: string;
}

type RulesGrammar = Extract<Grammar, { kind: 'rules' }>;

const noMatch: GrammarMatch = { outcome: 'no-match', canExtend: false, interpretation: '' };

/**
 * Matches tokens (of `tokenize`, or DTMF keys) against a grammar.
 *
 * The meaning is the tags of the derivation with the greatest product of weights, joined by spaces, or directly when
 * all are single figures (so that "one two three" means 123); without tags it is the matched tokens. SISR 1.0 would
 * keep the last literal of a rule only: joined, a grammar that collects digits or several items loses none.
 *
 * Every node of the grammar is tried once at each position, so alternatives do not multiply. More tokens than
 * `speechLimits.grammarMatchTokens`, or a grammar that needs more than `grammarMatchSteps`, is no match.
 */
export function matchGrammar(grammar: Grammar, tokens: readonly string[]): GrammarMatch {
  if (tokens.length > speechLimits.grammarMatchTokens) return noMatch;
  if (grammar.kind === 'transcribe') {
    const heard = tokens.length > 0;
    return {
      outcome: heard ? 'match' : 'partial',
      canExtend: true,
      interpretation: joinTokens(tokens, isChinese(grammar.language)),
    };
  }
  return new Matcher(grammar, tokens).run();
}

/** The tags passed on the way to a position, newest first, and how likely that way is. */
interface Path {
  readonly weight: number;
  readonly tags: TagList | null;
}

interface TagList {
  readonly value: string;
  readonly before: TagList | null;
}

/** Positions that an expansion can reach, with the best way to each. */
type Ends = ReadonlyMap<number, Path>;

const noEnds: Ends = new Map();
const start: Path = { weight: 1, tags: null };

class Matcher {
  readonly #grammar: RulesGrammar;
  readonly #tokens: readonly string[];
  /** Ends of an expansion at each position; empty while it is being computed, which also cuts left recursion. */
  readonly #memo = new Map<Expansion, Map<number, Ends>>();
  #steps = 0;
  /** Some derivation has used up every token and wants another. */
  #wantsMore = false;

  constructor(grammar: RulesGrammar, tokens: readonly string[]) {
    this.#grammar = grammar;
    this.#tokens = tokens;
  }

  run(): GrammarMatch {
    const path = this.#ends({ type: 'rule', name: this.#grammar.root }, 0).get(this.#tokens.length);
    if (this.#steps > speechLimits.grammarMatchSteps) return noMatch;
    const canExtend = this.#wantsMore;
    if (path === undefined)
      return canExtend ? { outcome: 'partial', canExtend, interpretation: '' } : noMatch;
    return { outcome: 'match', canExtend, interpretation: this.#interpretation(path) };
  }

  #interpretation(path: Path): string {
    const tags: string[] = [];
    for (let tag = path.tags; tag !== null; tag = tag.before) tags.unshift(tag.value);
    if (tags.length > 0) return tags.join(tags.every((value) => /^[\d.*#x+-]$/.test(value)) ? '' : ' ');
    const { mode, language } = this.#grammar;
    return joinTokens(this.#tokens, mode === 'dtmf' || isChinese(language));
  }

  #ends(expansion: Expansion, at: number): Ends {
    // Cheaper to look at again than to remember.
    if (expansion.type === 'token') return this.#token(expansion.text, at);
    let positions = this.#memo.get(expansion);
    if (positions === undefined) this.#memo.set(expansion, (positions = new Map<number, Ends>()));
    const known = positions.get(at);
    if (known !== undefined) return known;
    positions.set(at, noEnds);
    const ends = this.#compute(expansion, at);
    positions.set(at, ends);
    return ends;
  }

  #compute(expansion: Expansion, at: number): Ends {
    switch (expansion.type) {
      case 'token':
        return this.#token(expansion.text, at);
      case 'tag':
        return new Map([[at, { weight: 1, tags: { value: expansion.value, before: null } }]]);
      case 'sequence':
        return this.#sequence(expansion.items, at);
      case 'alternatives': {
        const ends = new Map<number, Path>();
        for (const { weight, expansion: item } of expansion.items)
          for (const [end, path] of this.#ends(item, at))
            keepBest(ends, end, { ...path, weight: path.weight * weight });
        return ends;
      }
      case 'repeat':
        return this.#repeat(expansion, at);
      case 'rule': {
        // Own properties only: a rule may be called `constructor`.
        const rules = this.#grammar.rules;
        const rule = Object.hasOwn(rules, expansion.name) ? rules[expansion.name] : undefined;
        return rule === undefined ? noEnds : this.#ends(rule, at);
      }
      case 'special':
        return this.#special(expansion.name, at);
    }
  }

  #token(text: string, at: number): Ends {
    return this.#takes(text, at) ? new Map([[at + 1, start]]) : noEnds;
  }

  #takes(text: string, at: number): boolean {
    if (at === this.#tokens.length) this.#wantsMore = true;
    return this.#tokens[at] === text;
  }

  #special(name: 'NULL' | 'VOID' | 'GARBAGE', at: number): Ends {
    if (name === 'VOID') return noEnds;
    if (name === 'NULL') return new Map([[at, start]]);
    // GARBAGE takes any tokens, none included, up to where the next element fits (SRGS 1.0 section 2.2.3).
    this.#wantsMore = true;
    const ends = new Map<number, Path>();
    for (let end = at; end <= this.#tokens.length; end++) ends.set(end, start);
    return ends;
  }

  #sequence(items: readonly Expansion[], at: number): Ends {
    let end = at;
    let next = 0;
    // The words a phrase begins with need no bookkeeping; most phrases of a grammar fail on the first.
    for (let item = items[0]; item?.type === 'token'; item = items[++next]) {
      if (!this.#takes(item.text, end)) return noEnds;
      end++;
    }
    let ends: Ends = new Map([[end, start]]);
    for (let item = items[next]; item !== undefined; item = items[++next]) ends = this.#advance(ends, item);
    return ends;
  }

  #repeat({ item, min, max }: Extract<Expansion, { type: 'repeat' }>, at: number): Ends {
    const reached = new Map<number, Path>();
    let ends: Ends = new Map([[at, start]]);
    for (let count = 0; ends.size > 0; count++) {
      if (count >= min) for (const [end, path] of ends) keepBest(reached, end, path);
      if (count === max) break;
      const next = this.#advance(ends, item);
      // Once a round leads to where it began, every further one does: the rest of the count changes nothing.
      if (samePositions(ends, next)) return new Map([...reached, ...next]);
      ends = next;
    }
    return reached;
  }

  #advance(from: Ends, item: Expansion): Ends {
    const ends = new Map<number, Path>();
    for (const [at, path] of from) {
      if (this.#steps > speechLimits.grammarMatchSteps) return noEnds;
      for (const [end, step] of this.#ends(item, at)) {
        this.#steps++;
        keepBest(ends, end, { weight: path.weight * step.weight, tags: chain(path.tags, step.tags) });
      }
    }
    return ends;
  }
}

function samePositions(a: Ends, b: Ends): boolean {
  if (a.size !== b.size) return false;
  for (const position of a.keys()) if (!b.has(position)) return false;
  return true;
}

function keepBest(ends: Map<number, Path>, end: number, path: Path): void {
  const known = ends.get(end);
  if (known === undefined || path.weight > known.weight) ends.set(end, path);
}

function chain(before: TagList | null, after: TagList | null): TagList | null {
  if (after === null) return before;
  if (before === null) return after;
  return { value: after.value, before: chain(before, after.before) };
}

function joinTokens(tokens: readonly string[], close: boolean): string {
  if (!close) return tokens.join(' ');
  // Latin words inside Chinese keep a space between them.
  return tokens.reduce(
    (text, token) => text + (/[a-z]$/.test(text) && /^[a-z]/.test(token) ? ' ' : '') + token,
    '',
  );
}

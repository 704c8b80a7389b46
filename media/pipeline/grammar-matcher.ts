import type { Expansion, Grammar } from '../speech/grammar/grammar.js';
import { speechLimits } from '../../config/limits.js';

export type RulesGrammar = Extract<Grammar, { kind: 'rules' }>;

/** How tokens stand to a grammar: `canExtend` says whether more tokens could still make a (longer) match. */
export interface GrammarMatch {
  readonly outcome: 'match' | 'partial' | 'no-match';
  readonly canExtend: boolean;
}

/** Compares tokens with a grammar; pure. */
export type GrammarMatcher = (grammar: RulesGrammar, tokens: readonly string[]) => GrammarMatch;

/** Work for one comparison; a grammar that needs more is treated as not matching. */
const maxSteps = 100_000;

/** Follows all derivations at once: sets of positions in the tokens, from and to. */
class Walk {
  readonly #grammar: RulesGrammar;
  readonly #tokens: readonly string[];
  /** Set when some derivation ran out of tokens, so that more of them could continue it. */
  #ranOut = false;
  #steps = 0;

  constructor(grammar: RulesGrammar, tokens: readonly string[]) {
    this.#grammar = grammar;
    this.#tokens = tokens;
  }

  run(): GrammarMatch {
    const ends = this.#rule(this.#grammar.root, new Set([0]), 0);
    const matched = ends.has(this.#tokens.length);
    const canExtend = this.#ranOut;
    return { outcome: matched ? 'match' : canExtend ? 'partial' : 'no-match', canExtend };
  }

  #expand(expansion: Expansion, from: ReadonlySet<number>, depth: number): ReadonlySet<number> {
    if (from.size === 0 || ++this.#steps > maxSteps) return new Set();
    switch (expansion.type) {
      case 'token':
        return this.#token(expansion.text, from);
      case 'sequence':
        return expansion.items.reduce((at, item) => this.#expand(item, at, depth), from);
      case 'alternatives':
        return new Set(expansion.items.flatMap((item) => [...this.#expand(item.expansion, from, depth)]));
      case 'repeat':
        return this.#repeat(expansion, from, depth);
      case 'rule':
        return this.#rule(expansion.name, from, depth + 1);
      case 'tag':
        return from;
      case 'special':
        return this.#special(expansion.name, from);
    }
  }

  #token(text: string, from: ReadonlySet<number>): ReadonlySet<number> {
    const to = new Set<number>();
    for (const at of from) {
      if (at === this.#tokens.length) this.#ranOut = true;
      else if (this.#tokens[at] === text) to.add(at + 1);
    }
    return to;
  }

  #repeat(
    { item, min, max }: Extract<Expansion, { type: 'repeat' }>,
    from: ReadonlySet<number>,
    depth: number,
  ): ReadonlySet<number> {
    const ends = new Set<number>(min === 0 ? from : []);
    let at = from;
    for (let count = 1; count <= max && at.size > 0; count++) {
      at = this.#expand(item, at, depth);
      if (count < min) continue;
      const before = ends.size;
      for (const end of at) ends.add(end);
      // An item that matches nothing more would go round for ever.
      if (ends.size === before) break;
    }
    return ends;
  }

  #rule(name: string, from: ReadonlySet<number>, depth: number): ReadonlySet<number> {
    const rule = Object.hasOwn(this.#grammar.rules, name) ? this.#grammar.rules[name] : undefined;
    if (!rule || depth > speechLimits.grammarDepth) return new Set();
    return this.#expand(rule, from, depth);
  }

  #special(name: 'NULL' | 'VOID' | 'GARBAGE', from: ReadonlySet<number>): ReadonlySet<number> {
    if (name === 'NULL') return from;
    if (name === 'VOID') return new Set();
    // GARBAGE takes any speech up to the next match (SRGS 1.0 2.2.3).
    this.#ranOut = true;
    const to = new Set<number>();
    for (let at = Math.min(...from); at <= this.#tokens.length; at++) to.add(at);
    return to;
  }
}

/** Matches tokens against SRGS expansions by following every derivation, with bounds on depth and work. */
export const matchExpansions: GrammarMatcher = (grammar, tokens) => new Walk(grammar, tokens).run();

/** The tokens of spoken text as grammars have them: lower-cased words, one Han character each, no punctuation. */
export function voiceTokens(text: string): string[] {
  return (
    text
      .toLowerCase()
      .match(/\p{Script=Han}|[\p{L}\p{M}\p{N}'’-]+?(?=\p{Script=Han}|[^\p{L}\p{M}\p{N}'’-]|$)/gu) ?? []
  );
}

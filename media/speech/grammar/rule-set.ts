import { speechLimits } from '../../../config/limits.js';
import { compilationFailure } from './errors.js';
import { childrenOf } from './expansion.js';
import type { Expansion, Grammar } from './grammar.js';
import type { RulesGrammar } from './phrases.js';

interface Measure {
  /** Elements inside elements, through references. */
  readonly depth: number;
  /** References behind references: whoever walks the rules recurses through them, and a stack has an end. */
  readonly references: number;
  /** Nodes when every rule reference and counted repeat is written out; an open repeat counts once. */
  readonly size: number;
}

const nothing: Measure = { depth: 0, references: 0, size: 0 };

/**
 * The rules of one grammar while it is compiled: names and lines, references to check, other grammars to take in.
 *
 * `finish` guarantees what engines build on: every reference is defined, no rule contains itself, and both depth and
 * written-out size are bounded. (SRGS allows recursion; a finite network, which is what recognisers take, does not.)
 */
export class RuleSet {
  readonly #rules = new Map<string, Expansion>();
  readonly #lines = new Map<string, number>();
  readonly #references: { readonly name: string; readonly line: number }[] = [];
  /** Prefixes of the rules taken in, by the grammar's URI: `1:`, `2:`; no SRGS rule id has a colon. */
  readonly #prefixes = new Map<string, string>();
  readonly #measures = new Map<string, Measure | 'measuring'>();
  /** Rules that are being measured, each because the one before refers to it. */
  #open = 0;

  add(name: string, expansion: Expansion, line: number): void {
    if (this.#rules.has(name)) throw compilationFailure(`rule "${name}" is defined twice`, line);
    this.#rules.set(name, expansion);
    this.#lines.set(name, line);
  }

  /** A reference to a rule that may come later. */
  refer(name: string, line: number): Expansion {
    this.#references.push({ name, line });
    return { type: 'rule', name };
  }

  /** Takes in another grammar's rules under names of its own and refers to `root` (by default its root). */
  include(grammar: RulesGrammar, root: string | null, line: number): Expansion {
    const wanted = root ?? grammar.root;
    if (!Object.hasOwn(grammar.rules, wanted))
      throw compilationFailure(`${grammar.uri} has no rule "${wanted}"`, line);
    const known = this.#prefixes.get(grammar.uri);
    const prefix = known ?? `${this.#prefixes.size + 1}:`;
    if (known === undefined) {
      this.#prefixes.set(grammar.uri, prefix);
      for (const [name, expansion] of Object.entries(grammar.rules))
        this.add(prefix + name, renameRules(expansion, prefix), line);
    }
    return { type: 'rule', name: prefix + wanted };
  }

  /** The rules as plain data, once everything has been checked. */
  finish(): RulesGrammar['rules'] {
    for (const { name, line } of this.#references)
      if (!this.#rules.has(name)) throw compilationFailure(`rule "${name}" is not defined`, line);
    for (const name of this.#rules.keys()) this.#measureRule(name);
    return Object.fromEntries(this.#rules);
  }

  #measureRule(name: string): Measure {
    const known = this.#measures.get(name);
    const line = this.#lines.get(name);
    if (known === 'measuring')
      throw compilationFailure(`rule "${name}" contains itself; recursion is not taken`, line);
    if (known !== undefined) return known;
    this.#measures.set(name, 'measuring');
    const expansion = this.#rules.get(name);
    // Measuring recurses as well, so it stops on the way down.
    const tooFar = ++this.#open > speechLimits.grammarDepth;
    const measure = expansion === undefined || tooFar ? nothing : this.#measure(expansion);
    this.#open--;
    if (tooFar || Math.max(measure.depth, measure.references) > speechLimits.grammarDepth)
      throw compilationFailure(`rule "${name}" nests deeper than ${speechLimits.grammarDepth}`, line);
    if (measure.size > speechLimits.grammarNodes)
      throw compilationFailure(
        `rule "${name}" unfolds to more than ${speechLimits.grammarNodes} elements`,
        line,
      );
    this.#measures.set(name, measure);
    return measure;
  }

  #measure(expansion: Expansion): Measure {
    if (expansion.type === 'rule') {
      const measure = this.#measureRule(expansion.name);
      return { ...measure, references: measure.references + 1 };
    }
    let depth = 0;
    let references = 0;
    let size = 1;
    for (const child of childrenOf(expansion)) {
      const inner = this.#measure(child);
      depth = Math.max(depth, inner.depth);
      references = Math.max(references, inner.references);
      size += inner.size;
    }
    if (expansion.type === 'repeat' && expansion.max < speechLimits.grammarRepeat)
      size *= Math.max(1, expansion.max);
    return { depth: depth + 1, references, size };
  }
}

function renameRules(expansion: Expansion, prefix: string): Expansion {
  switch (expansion.type) {
    case 'rule':
      return { type: 'rule', name: prefix + expansion.name };
    case 'sequence':
      return { type: 'sequence', items: expansion.items.map((item) => renameRules(item, prefix)) };
    case 'alternatives': {
      const items = expansion.items.map((item) => ({
        ...item,
        expansion: renameRules(item.expansion, prefix),
      }));
      return { type: 'alternatives', items };
    }
    case 'repeat':
      return { ...expansion, item: renameRules(expansion.item, prefix) };
    default:
      return expansion;
  }
}

/** What a reference to another grammar may resolve to while a document is compiled. */
export interface GrammarReferences {
  /** BCP 47; used where a document names none. */
  readonly language: string;
  /** Name of the grammar that is being compiled. */
  readonly uri: string;
  /**
   * The grammars behind a `builtin:` or `session:` URI, at least one; a `session:` URI may stand for a list.
   *
   * @throws GrammarError for every URI it cannot resolve.
   */
  resolve(uri: string, language: string, warn: (warning: string) => void): readonly Grammar[];
}

/** A compiled document. */
export interface CompiledGrammar {
  readonly grammar: RulesGrammar;
  readonly warnings: readonly string[];
}

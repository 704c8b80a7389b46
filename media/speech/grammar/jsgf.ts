import { speechLimits } from '../../../config/limits.js';
import { LineIndex } from '../../../config/xml.js';
import { compilationFailure } from './errors.js';
import { nothing, oneOf, optional, repeated, ruleReference, sequence, tag, weighted } from './expansion.js';
import type { Expansion, WeightedExpansion } from './grammar.js';
import { spokenParts } from './phrases.js';
import { RuleSet } from './rule-set.js';
import type { CompiledGrammar, GrammarReferences } from './rule-set.js';
import { literalTag } from './semantic-tag.js';

interface Lexeme {
  /** `symbol` is one of `; = | ( ) [ ] * +`; `rule` is without its angle brackets, `tag` without its braces. */
  readonly kind: 'symbol' | 'rule' | 'tag' | 'weight' | 'quoted' | 'word' | 'end';
  readonly text: string;
  readonly line: number;
}

/**
 * Compiles the JSpeech Grammar Format 1.0 without imports: rules, alternatives with weights, grouping, `[]`, `*`, `+`,
 * tags, `<NULL>` and `<VOID>`.
 *
 * With several public rules, any of them may be spoken. Without one, the first rule is the root.
 *
 * @throws GrammarError naming the line.
 */
export function compileJsgf(body: string, references: GrammarReferences): CompiledGrammar {
  return new JsgfCompiler(body, references).compile();
}

const header = /^\s*#JSGF\s+V1\.0(?:\s+[^\s;]+)?(?:\s+([^\s;]+))?\s*;/;

class JsgfCompiler {
  readonly #references: GrammarReferences;
  readonly #language: string;
  readonly #lexemes: readonly Lexeme[];
  readonly #rules = new RuleSet();
  readonly #warnings: string[] = [];
  #at = 0;
  #depth = 0;

  constructor(body: string, references: GrammarReferences) {
    const match = header.exec(body.replace(/^\uFEFF/, ' '));
    if (match === null) throw compilationFailure('a JSGF grammar starts with "#JSGF V1.0;"', 1);
    this.#references = references;
    this.#language = match[1] ?? references.language;
    this.#lexemes = scan(body, match[0].length);
  }

  compile(): CompiledGrammar {
    const publicRules: string[] = [];
    let first: string | null = null;
    while (this.#peek().kind !== 'end') {
      const start = this.#next();
      if (start.kind === 'word' && start.text === 'grammar') this.#skipDeclaration();
      else if (start.kind === 'word' && start.text === 'import')
        throw compilationFailure('import is not taken', start.line);
      else {
        const isPublic = start.kind === 'word' && start.text === 'public';
        const name = isPublic ? this.#next() : start;
        this.#rule(name);
        first ??= name.text;
        if (isPublic) publicRules.push(name.text);
      }
    }
    return this.#grammar(publicRules, first);
  }

  #grammar(publicRules: readonly string[], first: string | null): CompiledGrammar {
    if (first === null) throw compilationFailure('the grammar has no rule', 1);
    const [onlyRoot = first, ...others] = publicRules;
    let root = onlyRoot;
    if (others.length > 0) {
      root = 'any:public';
      this.#rules.add(root, oneOf(...publicRules.map(ruleReference)), 1);
    }
    const { uri } = this.#references;
    const rules = this.#rules.finish();
    const grammar = {
      kind: 'rules',
      uri,
      mode: 'voice',
      language: this.#language,
      weight: 1,
      root,
      rules,
    } as const;
    return { grammar, warnings: this.#warnings };
  }

  #skipDeclaration(): void {
    while (this.#peek().kind !== 'end' && this.#next().text !== ';');
  }

  #rule(name: Lexeme): void {
    if (name.kind !== 'rule')
      throw compilationFailure(`expected <rule> instead of "${name.text}"`, name.line);
    this.#expect('=');
    const expansion = this.#alternatives();
    this.#expect(';');
    this.#rules.add(name.text, expansion, name.line);
  }

  #alternatives(): Expansion {
    if (++this.#depth > speechLimits.grammarDepth)
      throw compilationFailure(`groups nest deeper than ${speechLimits.grammarDepth}`, this.#peek().line);
    const items: WeightedExpansion[] = [];
    do {
      const weight = this.#peek().kind === 'weight' ? Number(this.#next().text) : 1;
      items.push({ weight, expansion: this.#sequence() });
    } while (this.#take('|'));
    this.#depth--;
    const [only] = items;
    return only !== undefined && items.length === 1 ? only.expansion : weighted(items);
  }

  #sequence(): Expansion {
    const parts: Expansion[] = [];
    for (let part = this.#unit(); part !== null; part = this.#unit()) parts.push(part);
    if (parts.length === 0)
      throw compilationFailure(`nothing stands before "${this.#peek().text}"`, this.#peek().line);
    return sequence(...parts);
  }

  /** One element with its operators and tags, or null where the sequence ends. */
  #unit(): Expansion | null {
    let unit = this.#primary();
    if (unit === null) return null;
    for (;;) {
      const next = this.#peek();
      if (this.#take('*')) unit = repeated(unit, 0, Infinity);
      else if (this.#take('+')) unit = repeated(unit, 1, Infinity);
      else if (next.kind === 'tag') unit = this.#tagged(unit, this.#next());
      else return unit;
    }
  }

  #tagged(unit: Expansion, lexeme: Lexeme): Expansion {
    const value = literalTag(lexeme.text, '');
    if (value !== null) return sequence(unit, tag(value));
    this.#warnings.push(`line ${lexeme.line}: a tag with a script is left out: use a literal`);
    return unit;
  }

  #primary(): Expansion | null {
    const next = this.#peek();
    if (next.kind === 'word' || next.kind === 'quoted') {
      this.#next();
      const parts = spokenParts(next.text, this.#language);
      if (parts === null) throw compilationFailure(`"${next.text}" has no word`, next.line);
      return parts;
    }
    if (next.kind === 'rule') return this.#reference(this.#next());
    if (this.#take('(')) return this.#group(')');
    if (this.#take('[')) return optional(this.#group(']'));
    return null;
  }

  #group(close: string): Expansion {
    const inner = this.#alternatives();
    this.#expect(close);
    return inner;
  }

  #reference(lexeme: Lexeme): Expansion {
    if (lexeme.text === 'NULL') return nothing;
    if (lexeme.text === 'VOID') return { type: 'special', name: 'VOID' };
    return this.#rules.refer(lexeme.text, lexeme.line);
  }

  #peek(): Lexeme {
    return (
      this.#lexemes[this.#at] ?? { kind: 'end', text: 'end of text', line: this.#lexemes.at(-1)?.line ?? 1 }
    );
  }

  #next(): Lexeme {
    const lexeme = this.#peek();
    this.#at++;
    return lexeme;
  }

  #take(symbol: string): boolean {
    const next = this.#peek();
    if (next.kind !== 'symbol' || next.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #expect(symbol: string): void {
    const next = this.#peek();
    if (!this.#take(symbol))
      throw compilationFailure(`expected "${symbol}" instead of "${next.text}"`, next.line);
  }
}

// In this order: comment, <rule>, {tag}, /weight/, "quoted", symbol, word.
const lexemePattern =
  /\/\/[^\n]*|\/\*[^]*?\*\/|<([^<>\s]+)>|\{((?:[^{}\\]|\\.)*)\}|\/\s*(\d+(?:\.\d+)?)\s*\/|"((?:[^"\\\n]|\\.)*)"|([;=|()[\]*+])|([^\s;=|*+<>()[\]{}/"]+)|\s+/y;

function scan(body: string, from: number): Lexeme[] {
  const lines = new LineIndex(body);
  const lexemes: Lexeme[] = [];
  lexemePattern.lastIndex = from;
  for (let at = from; at < body.length; at = lexemePattern.lastIndex) {
    const match = lexemePattern.exec(body);
    const { line } = lines.positionOf(at);
    if (match === null) throw compilationFailure(`"${body.charAt(at)}" is not understood here`, line);
    const [, rule, tagText, weight, quoted, symbol, word] = match;
    const lexeme = lexemeOf({ rule, tag: tagText, weight, quoted, symbol, word });
    if (lexeme !== null) lexemes.push({ ...lexeme, line });
  }
  return lexemes;
}

const lexemeKinds = ['rule', 'tag', 'weight', 'quoted', 'symbol', 'word'] as const;

function lexemeOf(
  groups: Readonly<Record<(typeof lexemeKinds)[number], string | undefined>>,
): Omit<Lexeme, 'line'> | null {
  for (const kind of lexemeKinds) {
    const text = groups[kind];
    if (text !== undefined) return { kind, text: text.replace(/\\(.)/g, '$1') };
  }
  return null;
}

import { speechLimits } from '../../../config/limits.js';
import {
  XmlError,
  attributeOf,
  parseXml,
  qualifiedName,
  textContent,
  xmlNamespace,
} from '../../../config/xml.js';
import type { XmlElement } from '../../../config/xml.js';
import { compilationFailure } from './errors.js';
import { nothing, repeated, sequence, tag, weighted, words } from './expansion.js';
import type { Expansion } from './grammar.js';
import { RuleSet } from './rule-set.js';
import type { CompiledGrammar, GrammarReferences } from './rule-set.js';
import { literalTag } from './semantic-tag.js';
import { spokenParts } from './phrases.js';
import { dtmfKeys } from './tokenize.js';

/**
 * Compiles the XML form of SRGS 1.0.
 *
 * Left out: `lexicon`, `meta`, `metadata`, `example`, `repeat-prob`, scripts in tags (with a warning). A grammar
 * without `root` starts at its first public rule. Elements that SRGS does not know are skipped with a warning.
 *
 * @throws GrammarError naming the line.
 */
export function compileSrgs(body: string, references: GrammarReferences): CompiledGrammar {
  let root: XmlElement;
  try {
    root = parseXml(body, { externalDoctype: true });
  } catch (error) {
    if (error instanceof XmlError)
      throw compilationFailure(`${error.message} (column ${error.column})`, error.line);
    throw error;
  }
  return new SrgsCompiler(root, references).compile();
}

const ignored = new Set(['lexicon', 'meta', 'metadata', 'example']);

class SrgsCompiler {
  readonly #root: XmlElement;
  readonly #references: GrammarReferences;
  readonly #language: string;
  readonly #mode: 'voice' | 'dtmf';
  readonly #tagFormat: string;
  readonly #rules = new RuleSet();
  readonly #warnings: string[] = [];

  constructor(root: XmlElement, references: GrammarReferences) {
    if (root.local !== 'grammar')
      throw compilationFailure(`the root element is "${root.local}", not "grammar"`, root.line);
    const mode = attributeOf(root, 'mode') ?? 'voice';
    if (mode !== 'voice' && mode !== 'dtmf')
      throw compilationFailure(`mode "${mode}" is neither voice nor dtmf`, root.line);
    this.#root = root;
    this.#references = references;
    this.#mode = mode;
    this.#language = attributeOf(root, 'lang', xmlNamespace) ?? references.language;
    this.#tagFormat = attributeOf(root, 'tag-format') ?? '';
  }

  compile(): CompiledGrammar {
    let first: string | null = null;
    let firstPublic: string | null = null;
    for (const element of elements(this.#root)) {
      if (element.local !== 'rule') {
        this.#skip(element);
        continue;
      }
      const id = attributeOf(element, 'id');
      if (id === null || id === '') throw compilationFailure('a rule needs an id', element.line);
      this.#rules.add(id, this.#content(element), element.line);
      first ??= id;
      if (attributeOf(element, 'scope') === 'public') firstPublic ??= id;
    }
    const root = attributeOf(this.#root, 'root') ?? firstPublic ?? first;
    if (root === null) throw compilationFailure('the grammar has no rule', this.#root.line);
    this.#rules.refer(root, this.#root.line);
    const { uri } = this.#references;
    const rules = this.#rules.finish();
    const grammar = {
      kind: 'rules',
      uri,
      mode: this.#mode,
      language: this.#language,
      weight: 1,
      root,
      rules,
    } as const;
    return { grammar, warnings: this.#warnings };
  }

  /** What stands inside a rule or an item: its parts one after another (SRGS 1.0 section 2.3). */
  #content(element: XmlElement): Expansion {
    const parts: Expansion[] = [];
    for (const child of element.children) {
      const part = child.kind === 'text' ? this.#tokens(child.text, element) : this.#element(child);
      if (part !== null) parts.push(part);
    }
    return sequence(...parts);
  }

  #element(element: XmlElement): Expansion | null {
    switch (element.local) {
      case 'item':
        return this.#item(element).expansion;
      case 'one-of':
        return this.#oneOf(element);
      case 'ruleref':
        return this.#ruleReference(element);
      case 'token':
        return this.#tokens(textContent(element), element);
      case 'tag':
        return this.#tag(element);
      default:
        this.#skip(element);
        return null;
    }
  }

  /** Section 2.1: quoted tokens (`"New York"`) come apart into their words like any other text. */
  #tokens(text: string, element: XmlElement): Expansion | null {
    if (text.trim() === '') return null;
    if (this.#mode === 'voice') return spokenParts(text, this.#language);
    const keys = dtmfKeys(text);
    if (keys.length === 0 || !/^[\s"0-9*#A-Da-d]*$/.test(text))
      throw compilationFailure(`"${text.trim()}" is no DTMF key: use 0-9 * # A-D`, element.line);
    return words(keys);
  }

  /** Sections 2.4.1 (weight) and 2.5 (repeat). */
  #item(element: XmlElement): { weight: number; expansion: Expansion } {
    const content = this.#content(element);
    const repeat = attributeOf(element, 'repeat');
    return {
      weight: this.#weight(element),
      expansion: repeat === null ? content : this.#repeat(content, repeat, element.line),
    };
  }

  #repeat(content: Expansion, repeat: string, line: number): Expansion {
    const match = /^\s*(\d{1,6})\s*(?:(-)\s*(\d{1,6})?)?\s*$/.exec(repeat);
    if (match === null) throw compilationFailure(`repeat="${repeat}" is not "n", "n-m" or "n-"`, line);
    const [, least = '', dash, most] = match;
    const min = Number(least);
    const max = most !== undefined ? Number(most) : dash === undefined ? min : speechLimits.grammarRepeat;
    if (min > max || max > speechLimits.grammarRepeat)
      throw compilationFailure(`repeat="${repeat}" is not between 0 and ${speechLimits.grammarRepeat}`, line);
    return max === 0 ? nothing : repeated(content, min, max);
  }

  #weight(element: XmlElement): number {
    const text = attributeOf(element, 'weight');
    if (text === null) return 1;
    const weight = /^\s*\+?(\d+\.?\d*|\.\d+)\s*$/.test(text) ? Number(text) : Number.NaN;
    if (!(weight >= 0 && weight <= 1e6))
      throw compilationFailure(`weight="${text}" is no number`, element.line);
    return weight;
  }

  #oneOf(element: XmlElement): Expansion {
    const items = [];
    for (const child of elements(element)) {
      if (child.local === 'item') items.push(this.#item(child));
      else this.#skip(child);
    }
    if (items.length === 0) throw compilationFailure('one-of has no item', element.line);
    return weighted(items);
  }

  /** Section 2.2. */
  #ruleReference(element: XmlElement): Expansion {
    const special = attributeOf(element, 'special');
    if (special === 'NULL' || special === 'VOID' || special === 'GARBAGE')
      return { type: 'special', name: special };
    const uri = attributeOf(element, 'uri')?.trim();
    if (special !== null || !uri)
      throw compilationFailure('ruleref needs a uri, or special NULL, VOID or GARBAGE', element.line);
    const hash = uri.indexOf('#');
    const fragment = hash < 0 ? null : uri.slice(hash + 1);
    if (hash === 0) return this.#rules.refer(uri.slice(1), element.line);
    const target = hash < 0 ? uri : uri.slice(0, hash);
    const grammars = this.#references.resolve(target, this.#language, (text) => this.#warn(text, element));
    const [grammar] = grammars;
    if (grammar === undefined || grammars.length > 1)
      throw compilationFailure(`${uri} is a list of grammars; refer to one`, element.line);
    if (grammar.kind === 'transcribe') {
      this.#warn(`${uri} inside a rule takes any words`, element);
      return { type: 'special', name: 'GARBAGE' };
    }
    if (grammar.mode !== this.#mode)
      throw compilationFailure(`${uri} is a ${grammar.mode} grammar`, element.line);
    return this.#rules.include(grammar, fragment, element.line);
  }

  #tag(element: XmlElement): Expansion | null {
    const value = literalTag(textContent(element), this.#tagFormat);
    if (value !== null) return tag(value);
    this.#warn('a tag with a script is left out: use a literal, out="..."', element);
    return null;
  }

  #skip(element: XmlElement): void {
    if (!ignored.has(element.local)) this.#warn(`element "${qualifiedName(element)}" is left out`, element);
  }

  #warn(text: string, element: XmlElement): void {
    this.#warnings.push(`line ${element.line}: ${text}`);
  }
}

function elements(parent: XmlElement): XmlElement[] {
  return parent.children.filter((child) => child.kind === 'element');
}

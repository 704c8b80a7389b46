import { speechLimits } from '../../config/limits.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { Expansion, Grammar, WeightedExpansion } from '../../media/speech/grammar/grammar.js';
import { spokenForms, type SpokenForms } from './spoken-forms.js';

type RuleGrammar = Extract<Grammar, { kind: 'rules' }>;

/** A phrase that was left out, because nobody can say one of its words in this engine's alphabet. */
export interface DroppedPhrase {
  readonly word: string;
  readonly phrase: string;
}

/** What a decoder needs to listen for some grammars. */
export interface CompiledJsgf {
  /** A whole JSGF 1.0 document with one public rule. */
  readonly text: string;
  /** Every word in `text`, by the name it has there, with how it is said. */
  readonly words: ReadonlyMap<string, SpokenForms>;
  readonly dropped: readonly DroppedPhrase[];
}

/** Words that JSGF keeps for itself. */
const reserved = new Set(['grammar', 'import', 'public']);

/** An open or long repeat becomes `*`: the recogniser may then hear too many, and the grammar's matcher decides. */
const longestUnrolledRepeat = 8;

/**
 * One JSGF grammar that accepts what any of `grammars` (SRGS 1.0 rules of mode voice; others are passed over) accepts.
 *
 * Rules are expanded in place, as the decoder would do it itself, so recursion is refused (`unsupported`) and the
 * result is bounded (`speechLimits.jsgfWords`, `bad-input`). Alternatives that cannot be spoken are left out;
 * `unsupported` when nothing is left. GARBAGE matches nothing here: the engine has no model of other speech.
 */
export function compileJsgf(grammars: readonly Grammar[]): CompiledJsgf | SpeechError {
  const writer = new JsgfWriter();
  try {
    const roots: WeightedText[] = [];
    for (const grammar of grammars) {
      if (grammar.kind !== 'rules' || grammar.mode !== 'voice') continue;
      const text = writer.grammar(grammar);
      if (text !== null) roots.push({ weight: grammar.weight, text });
    }
    if (roots.length === 0) return nothingLeft(writer.dropped);
    const text = `#JSGF V1.0;\ngrammar g;\npublic <root> = ${alternatives(roots)};\n`;
    return { text, words: writer.words, dropped: writer.dropped };
  } catch (error) {
    if (error instanceof SpeechError) return error;
    throw error;
  }
}

/** The words of `grammars` as a decoder will know them. */
export function vocabulary(grammars: readonly Grammar[]): ReadonlySet<string> {
  const compiled = compileJsgf(grammars);
  return new Set(compiled instanceof SpeechError ? [] : compiled.words.keys());
}

/** The token that a word of a recognition result stands for. */
export function tokenOfName(name: string): string {
  const hex = /^x((?:[0-9a-f]{2})+)x$/.exec(name)?.[1];
  return hex ? Buffer.from(hex, 'hex').toString('utf8') : name;
}

/**
 * What a token is called inside the decoder: itself when it is a plain word, otherwise its UTF-8 octets in hex, which
 * no English word looks like and which leads back to the token without a table.
 */
function nameOfToken(token: string): string {
  const plain = /^[a-z]+(?:'[a-z]+)*$/.test(token) && !reserved.has(token) && tokenOfName(token) === token;
  return plain ? token : `x${Buffer.from(token, 'utf8').toString('hex')}x`;
}

interface WeightedText {
  readonly weight: number;
  readonly text: string;
}

function alternatives(items: readonly WeightedText[]): string {
  const weighted = items.some(({ weight }) => weight !== items[0]?.weight);
  // JSGF weights are plain decimals; one of 0 would forbid what the author only ranked last.
  const prefix = (weight: number) => (weighted ? `/${Math.max(weight, 0.0001).toFixed(4)}/ ` : '');
  return items.map(({ weight, text }) => `${prefix(weight)}${text}`).join(' | ');
}

function nothingLeft(dropped: readonly DroppedPhrase[]): SpeechError {
  const word = dropped[0]?.word;
  const why =
    word === undefined
      ? 'it has no words'
      : `no phrase can be said in English letters (for example "${word}")`;
  return new SpeechError('unsupported', `nothing to listen for in the grammar: ${why}`);
}

/** Writes expansions as JSGF; null means that nobody can say it. */
class JsgfWriter {
  readonly words = new Map<string, SpokenForms>();
  readonly dropped: DroppedPhrase[] = [];
  #rules: RuleGrammar['rules'] = {};
  readonly #open = new Set<string>();
  #count = 0;
  #unsayable = '';

  grammar(grammar: RuleGrammar): string | null {
    this.#rules = grammar.rules;
    const text = this.#rule(grammar.root);
    if (text === null) this.#drop({ type: 'rule', name: grammar.root });
    return text;
  }

  #rule(name: string): string | null {
    const expansion = Object.hasOwn(this.#rules, name) ? this.#rules[name] : undefined;
    if (!expansion)
      throw new SpeechError('bad-input', `grammar refers to rule "${name}", which it does not have`);
    if (this.#open.has(name) || this.#open.size >= speechLimits.grammarDepth) {
      throw new SpeechError(
        'unsupported',
        `rule "${name}" is recursive or nested too deeply for this recognizer`,
      );
    }
    this.#open.add(name);
    const text = this.#expansion(expansion);
    this.#open.delete(name);
    return text;
  }

  #expansion(expansion: Expansion): string | null {
    switch (expansion.type) {
      case 'token':
        return this.#token(expansion.text);
      case 'sequence':
        return this.#sequence(expansion.items);
      case 'alternatives':
        return this.#alternatives(expansion.items);
      case 'repeat':
        return this.#repeat(expansion);
      case 'rule':
        return this.#rule(expansion.name);
      case 'tag':
        return '<NULL>';
      case 'special':
        return expansion.name === 'VOID' ? null : '<NULL>';
    }
  }

  #token(token: string): string | null {
    if (++this.#count > speechLimits.jsgfWords) {
      throw new SpeechError(
        'bad-input',
        `grammar has more than ${speechLimits.jsgfWords} words when expanded`,
      );
    }
    const name = nameOfToken(token);
    const forms = this.words.get(name) ?? spokenForms(token);
    if (forms.length === 0) {
      this.#unsayable = token;
      return null;
    }
    this.words.set(name, forms);
    return name;
  }

  #sequence(items: readonly Expansion[]): string | null {
    const texts: string[] = [];
    for (const item of items) {
      const text = this.#expansion(item);
      if (text === null) return null;
      if (text !== '<NULL>') texts.push(text);
    }
    if (texts.length === 0) return '<NULL>';
    return texts.length === 1 ? (texts[0] ?? null) : `(${texts.join(' ')})`;
  }

  #alternatives(items: readonly WeightedExpansion[]): string | null {
    const texts: WeightedText[] = [];
    for (const { weight, expansion } of items) {
      const text = this.#expansion(expansion);
      if (text === null) this.#drop(expansion);
      else texts.push({ weight, text });
    }
    return texts.length === 0 ? null : `(${alternatives(texts)})`;
  }

  #repeat({ item, min, max }: Extract<Expansion, { type: 'repeat' }>): string | null {
    if (max === 0) return '<NULL>';
    const open = max - min > longestUnrolledRepeat;
    const copies: string[] = [];
    // Each copy is written anew, so that the bound on words counts what the decoder will hold.
    for (let i = 0; i < (open ? min + 1 : max); i++) {
      const text = this.#expansion(item);
      if (text === null) {
        if (min > 0) return null;
        this.#drop(item);
        return '<NULL>';
      }
      if (text === '<NULL>') return text;
      copies.push(text);
    }
    const optional = copies.slice(min);
    const tail = open
      ? `(${optional.join('')})*`
      : optional.reduceRight((rest, text) => `[${text} ${rest}]`, '');
    return `(${[...copies.slice(0, min), tail].join(' ').trim()})`;
  }

  /** Names are for the operator's log; how a phrase was nested does not matter there. */
  #drop(expansion: Expansion): void {
    if (this.#unsayable === '') return;
    this.dropped.push({ word: this.#unsayable, phrase: words(expansion).join(' ').slice(0, 80) });
    this.#unsayable = '';
  }
}

function words(expansion: Expansion): string[] {
  switch (expansion.type) {
    case 'token':
      return [expansion.text];
    case 'sequence':
      return expansion.items.flatMap(words);
    case 'repeat':
      return words(expansion.item);
    case 'rule':
      return [`<${expansion.name}>`];
    default:
      return [];
  }
}

import { nearestName } from '../config/nearest.js';
import { LineIndex } from '../config/xml.js';
import { TemplateSyntaxError } from './errors.js';
import { recordVariables, textVariables, xmlVariables } from './schema.js';
import { takeWholeLines } from './standalone.js';
import type { Placement, RecordVariable, TemplateNode, VariableReference } from './schema.js';

/** A template's text, parsed. */
export interface ParsedTemplate {
  /** Keys of the leading `<!-- parley: … -->` comment. */
  readonly header: ReadonlyMap<string, string>;
  readonly nodes: readonly TemplateNode[];
}

/**
 * Parses a template: XML with `{{name}}`, `{{{xml}}}`, `{{js name}}`, `{{#if name}}`, `{{#if name=value}}`, `{{#unless …}}` and
 * `{{#each list}}`, each section ended by `{{/…}}`.
 *
 * The comment `<!-- parley: id=… contentType=… description="…" -->` may stand first or right behind the XML
 * declaration; it is not part of the output.
 *
 * @throws TemplateSyntaxError with the position and the fix.
 */
export function parseTemplate(text: string): ParsedTemplate {
  return new TemplateParser(text).parse();
}

const headerPattern = /^(\uFEFF?)(\s*<\?xml[^>]*\?>\s*)?\s*<!--\s*parley:([^]*?)-->[ \t]*(?:\r?\n)?/;
const headerKeys = ['id', 'contentType', 'description'];
const tagPattern = /\{\{\{([^{}]*)\}\}\}|\{\{([^{}]*)\}\}/y;
const sectionPattern = /^#(if|unless|each)\s+([^\s=]+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|(\S+)))?$/;

interface OpenSection {
  readonly kind: 'if' | 'unless' | 'each';
  readonly offset: number;
  readonly children: TemplateNode[];
  readonly close: (children: readonly TemplateNode[]) => TemplateNode;
}

class TemplateParser {
  readonly #text: string;
  readonly #lines: LineIndex;
  readonly #root: TemplateNode[] = [];
  readonly #open: OpenSection[] = [];
  readonly #header = new Map<string, string>();
  readonly #place = new PlacementTracker();

  constructor(text: string) {
    this.#text = text;
    this.#lines = new LineIndex(text);
  }

  parse(): ParsedTemplate {
    let at = this.#readHeader();
    for (let open = this.#text.indexOf('{{', at); open >= 0; open = this.#text.indexOf('{{', at)) {
      this.#literal(this.#text.slice(at, open), at);
      at = this.#tag(open);
    }
    this.#literal(this.#text.slice(at), at);
    const unclosed = this.#open.at(-1);
    if (unclosed !== undefined)
      throw this.#error(
        `{{#${unclosed.kind}}} is never closed`,
        `add {{/${unclosed.kind}}}`,
        unclosed.offset,
      );
    return { header: this.#header, nodes: this.#root };
  }

  /** Reads the comment and returns where the template begins behind it. */
  #readHeader(): number {
    const match = headerPattern.exec(this.#text);
    if (match === null) return this.#text.startsWith('\uFEFF') ? 1 : 0;
    const [whole, mark = '', declaration = '', content = ''] = match;
    const contentOffset = whole.lastIndexOf(content);
    for (const pair of content.matchAll(/\s+|([A-Za-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))|(\S+)/g)) {
      const [, key, double, single, bare, junk] = pair;
      const offset = contentOffset + pair.index;
      if (junk !== undefined)
        throw this.#error(`"${junk}" is not understood here`, 'write key=value', offset);
      if (key === undefined) continue;
      if (!headerKeys.includes(key))
        throw this.#error(`"${key}" is no key here`, this.#advice(key, headerKeys), offset);
      this.#header.set(key, double ?? single ?? bare ?? '');
    }
    this.#literal(declaration, mark.length);
    return whole.length;
  }

  #literal(text: string, offset: number): void {
    if (text === '') return;
    this.#place.advance(text);
    this.#append({ kind: 'literal', text, offset });
  }

  #append(node: TemplateNode): void {
    (this.#open.at(-1)?.children ?? this.#root).push(node);
  }

  /** Reads the tag at `offset` and returns where the text goes on. */
  #tag(offset: number): number {
    tagPattern.lastIndex = offset;
    const match = tagPattern.exec(this.#text);
    if (match === null) throw this.#error('"{{" is not closed', 'close it with "}}" on the same tag', offset);
    const end = tagPattern.lastIndex;
    const [, raw, plain = ''] = match;
    const content = (raw ?? plain).trim();
    if (raw !== undefined) this.#variable(content, 'xml', offset);
    else if (content.startsWith('/')) return this.#closeSection(content.slice(1).trim(), offset, end);
    else if (content.startsWith('#')) this.#openSection(content, offset);
    else if (/^js\s/.test(content)) this.#variable(content.slice(2).trim(), 'script', offset);
    else this.#variable(content, 'text', offset);
    return end;
  }

  #variable(name: string, form: 'text' | 'xml' | 'script', offset: number): void {
    const variable = this.#resolve(name, offset);
    if (variable.kind === 'record')
      throw this.#error(
        `{{${name}}} has many values`,
        `write {{${name}.<name>}} or {{#each ${name}}}`,
        offset,
      );
    if (form === 'xml' && !xmlVariables.some((known) => known === name)) {
      const fix = `write {{${name}}}; only ${xmlVariables.join(', ')} may be in triple braces`;
      throw this.#error(`{{{${name}}}} is not XML`, fix, offset);
    }
    const placement = this.#place.current;
    if (placement === 'comment')
      throw this.#error('a variable stands in a comment', 'take it out of the comment', offset);
    this.#append({ kind: 'variable', variable, placement, form, offset });
    this.#place.advance('x');
  }

  #openSection(content: string, offset: number): void {
    const match = sectionPattern.exec(content);
    if (match === null)
      throw this.#error(
        `{{${content}}} is no section`,
        'write {{#if name}}, {{#unless name}} or {{#each slots}}',
        offset,
      );
    const [, kind, name = '', double, single, bare] = match;
    const equals = double ?? single ?? bare ?? null;
    if (kind === 'each') this.#openEach(name, equals, offset);
    else this.#openIf(kind === 'unless', this.#resolve(name, offset), equals, offset);
  }

  #openIf(negated: boolean, variable: VariableReference, equals: string | null, offset: number): void {
    this.#open.push({
      kind: negated ? 'unless' : 'if',
      offset,
      children: [],
      close: (children) => ({ kind: 'if', variable, equals, negated, children }),
    });
  }

  #openEach(name: string, equals: string | null, offset: number): void {
    const lists = [...recordVariables, 'tags'] as const;
    const list = lists.find((known) => known === name);
    if (list === undefined || equals !== null)
      throw this.#error(
        `{{#each ${name}}} has nothing to go through`,
        `write one of ${lists.join(', ')}`,
        offset,
      );
    if (this.#insideEach())
      throw this.#error('{{#each}} stands inside another', 'close the outer one first', offset);
    this.#open.push({
      kind: 'each',
      offset,
      children: [],
      close: (children) => ({ kind: 'each', list, children }),
    });
  }

  #closeSection(name: string, offset: number, end: number): number {
    const section = this.#open.pop();
    if (section === undefined) throw this.#error(`{{/${name}}} closes nothing`, 'remove it', offset);
    if (section.kind !== name)
      throw this.#error(
        `{{/${name}}} where {{#${section.kind}}} is open`,
        `write {{/${section.kind}}}`,
        offset,
      );
    const before = this.#open.at(-1)?.children ?? this.#root;
    const span = { text: this.#text, open: section.offset, close: offset, end };
    const taken = takeWholeLines(before, section.children, span);
    if (taken > 0) this.#place.advance(this.#text.slice(end, end + taken));
    before.push(section.close(section.children));
    return end + taken;
  }

  #insideEach(): boolean {
    return this.#open.some((section) => section.kind === 'each');
  }

  #resolve(name: string, offset: number): VariableReference {
    const text = textVariables.find((known) => known === name);
    if (text !== undefined) return { kind: 'text', name: text };
    const record = recordVariables.find((known) => known === name);
    if (record !== undefined) return { kind: 'record', record };
    if ((name === 'key' || name === 'value') && this.#insideEach()) return { kind: 'loop', name };
    const dot = name.indexOf('.');
    const parent = recordVariables.find((known) => known === name.slice(0, dot));
    if (parent !== undefined && /^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(name.slice(dot + 1)))
      return { kind: 'member', record: parent, member: name.slice(dot + 1) };
    throw this.#error(`"${name}" is no variable`, this.#advice(name, this.#knownNames(name)), offset);
  }

  #knownNames(name: string): string[] {
    const member = name.slice(name.indexOf('.') + 1);
    const members: string[] = recordVariables.map((record: RecordVariable) => `${record}.${member}`);
    return [
      ...textVariables,
      ...recordVariables,
      ...(this.#insideEach() ? ['key', 'value'] : []),
      ...members,
    ];
  }

  #advice(name: string, known: readonly string[]): string {
    const nearest = nearestName(name, known);
    return nearest === null ? `known are ${known.slice(0, 20).join(', ')}` : `did you mean "${nearest}"?`;
  }

  #error(message: string, fix: string, offset: number): TemplateSyntaxError {
    return new TemplateSyntaxError(message, fix, this.#lines.positionOf(offset));
  }
}

const markers = { cdata: ['<![CDATA[', ']]>'], comment: ['<!--', '-->'] } as const;

/** Follows the literal text to know whether a variable stands in markup, in CDATA, in a comment or in a tag's name. */
class PlacementTracker {
  #inside: 'markup' | 'cdata' | 'comment' = 'markup';
  /** The last two characters, to see an open `<` or `</`. */
  #tail = '';

  get current(): Placement | 'comment' {
    if (this.#inside !== 'markup') return this.#inside;
    return /<\/?$/.test(this.#tail) ? 'name' : 'markup';
  }

  advance(text: string): void {
    let at = 0;
    while (at < text.length) {
      const next = this.#nextMarker(text, at);
      if (next === null) break;
      this.#inside = next.inside;
      at = next.end;
    }
    this.#tail = text.slice(-2);
  }

  #nextMarker(text: string, at: number): { inside: 'markup' | 'cdata' | 'comment'; end: number } | null {
    if (this.#inside !== 'markup') {
      const [, close] = markers[this.#inside];
      const found = text.indexOf(close, at);
      return found < 0 ? null : { inside: 'markup', end: found + close.length };
    }
    const cdata = text.indexOf(markers.cdata[0], at);
    const comment = text.indexOf(markers.comment[0], at);
    if (cdata < 0 && comment < 0) return null;
    const isCdata = comment < 0 || (cdata >= 0 && cdata < comment);
    return isCdata
      ? { inside: 'cdata', end: cdata + markers.cdata[0].length }
      : { inside: 'comment', end: comment + markers.comment[0].length };
  }
}

import { SaxesParser } from 'saxes';
import type { SaxesAttributeNS, SaxesTagNS } from 'saxes';
import { xmlLimits } from './limits.js';

/** Namespace of `xml:lang`, `xml:base` and `xml:space` (Namespaces in XML 1.0, section 3). */
export const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';

/** A name with its namespace resolved; `uri` is empty where none applies. */
export interface XmlName {
  readonly prefix: string;
  readonly local: string;
  readonly uri: string;
}

export interface XmlAttribute extends XmlName {
  readonly value: string;
}

/** Character data between two tags: references resolved, CDATA and text merged, never empty. */
export interface XmlText {
  readonly kind: 'text';
  readonly text: string;
}

/** An element with its children in document order; `line` and `column` (from 1) point at its `<`. */
export interface XmlElement extends XmlName {
  readonly kind: 'element';
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlNode[];
  readonly line: number;
  readonly column: number;
}

export type XmlNode = XmlText | XmlElement;

/** Why a document was refused, and where (line and column from 1). */
export class XmlError extends Error {
  constructor(
    message: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(message);
    this.name = 'XmlError';
  }
}

export interface XmlOptions {
  /**
   * Accept a DOCTYPE that has no internal subset. Nothing is fetched and no entity is defined either way; SRGS and
   * SSML documents in the field carry the one their specifications print. False by default.
   */
  readonly externalDoctype?: boolean;
}

/**
 * Reads one XML 1.0 document into a small immutable tree.
 *
 * Comments and processing instructions are left out. No entity but the five of XML itself exists, so nothing can be
 * expanded or fetched. A leading byte order mark is skipped; an `encoding` in the declaration is ignored because the
 * text is decoded already. Bounds are `xmlLimits`.
 *
 * @throws XmlError naming the line and column of what is wrong.
 */
export function parseXml(text: string, options: XmlOptions = {}): XmlElement {
  if (Buffer.byteLength(text) > xmlLimits.bytes)
    throw new XmlError(`the document is larger than ${xmlLimits.bytes} bytes`, 1, 1);
  return new TreeBuilder(text.startsWith('\uFEFF') ? text.slice(1) : text, options).build();
}

/** Text of an element and everything in it, in document order. */
export function textContent(element: XmlElement): string {
  let text = '';
  for (const child of element.children) text += child.kind === 'text' ? child.text : textContent(child);
  return text;
}

/** Value of an attribute (in no namespace unless `uri` says so), or null. */
export function attributeOf(element: XmlElement, local: string, uri = ''): string | null {
  for (const attribute of element.attributes)
    if (attribute.local === local && attribute.uri === uri) return attribute.value;
  return null;
}

/** Child elements, optionally of one local name. */
export function childElements(element: XmlElement, local?: string): XmlElement[] {
  const found: XmlElement[] = [];
  for (const child of element.children)
    if (child.kind === 'element' && (local === undefined || child.local === local)) found.push(child);
  return found;
}

/** The name as it stood in the document (`prefix:local`). */
export function qualifiedName(name: XmlName): string {
  return name.prefix === '' ? name.local : `${name.prefix}:${name.local}`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/**
 * Makes text safe as element content and inside quotes.
 *
 * A carriage return becomes a reference, because a reader would turn it into a line feed (XML 1.0, 2.11). Characters
 * that XML 1.0 (2.2) cannot carry even as references are dropped.
 */
export function escapeXml(text: string): string {
  return dropIllegalXml(text).replace(/[&<>"'\r]/g, (character) => entities[character] ?? character);
}

/** As `escapeXml`, and keeps line feeds and tabs through attribute value normalisation (XML 1.0, 3.3.3). */
export function escapeXmlAttribute(text: string): string {
  return dropIllegalXml(text).replace(/[&<>"'\r\n\t]/g, (character) => entities[character] ?? character);
}

/** Removes control characters, lone surrogates, U+FFFE and U+FFFF: what is no `Char` in XML 1.0 (2.2). */
export function dropIllegalXml(text: string): string {
  return text.replace(illegalCharacters, '');
}

const illegalCharacters = new RegExp(
  '[\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\uFFFE\\uFFFF\\p{Cs}]',
  'gu',
);

type MutableElement = Omit<XmlElement, 'children'> & { readonly children: XmlNode[] };

class TreeBuilder {
  readonly #text: string;
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #open: MutableElement[] = [];
  readonly #lines: LineIndex;
  #root: XmlElement | null = null;
  #nodes = 0;
  #attributes = 0;
  #startOffset = 0;

  constructor(text: string, options: XmlOptions) {
    this.#text = text;
    this.#lines = new LineIndex(text);
    const parser = this.#parser;
    parser.on('error', (error) => this.#fail(withoutPosition(error.message)));
    parser.on('xmldecl', (declaration) => {
      if (declaration.version !== '1.0') this.#fail('only XML 1.0 is read');
    });
    parser.on('doctype', (doctype) => {
      if (options.externalDoctype !== true) this.#fail('a DOCTYPE is not accepted; remove it');
      if (doctype.includes('[')) this.#fail('a DOCTYPE with an internal subset is not accepted; remove it');
    });
    parser.on('opentagstart', () => this.#startElement());
    parser.on('attribute', () => {
      if (++this.#attributes > xmlLimits.attributesPerElement)
        this.#fail(`an element has more than ${xmlLimits.attributesPerElement} attributes`);
    });
    parser.on('opentag', (tag) => this.#openElement(tag));
    parser.on('closetag', () => void this.#open.pop());
    parser.on('text', (data) => this.#addText(data));
    parser.on('cdata', (data) => this.#addText(data));
  }

  build(): XmlElement {
    this.#parser.write(this.#text).close();
    if (this.#root === null) this.#fail('the document has no root element');
    return this.#root;
  }

  #startElement(): void {
    this.#attributes = 0;
    // A tag's name cannot contain `<`, so the nearest one before the parser's position opened this tag.
    this.#startOffset = this.#text.lastIndexOf('<', this.#parser.position - 1);
    if (this.#open.length >= xmlLimits.depth) this.#fail(`elements nest deeper than ${xmlLimits.depth}`);
    this.#countNode();
  }

  #openElement(tag: SaxesTagNS): void {
    const position = this.#lines.positionOf(this.#startOffset);
    const element: MutableElement = {
      kind: 'element',
      prefix: tag.prefix,
      local: tag.local,
      uri: tag.uri,
      attributes: Object.values(tag.attributes).filter(isOrdinary).map(toAttribute),
      children: [],
      line: position.line,
      column: position.column,
    };
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.children.push(element);
    this.#open.push(element);
  }

  #addText(data: string): void {
    const parent = this.#open.at(-1);
    if (parent === undefined || data === '') return;
    const last = parent.children.at(-1);
    if (last?.kind === 'text') {
      parent.children[parent.children.length - 1] = { kind: 'text', text: last.text + data };
      return;
    }
    this.#countNode();
    parent.children.push({ kind: 'text', text: data });
  }

  #countNode(): void {
    if (++this.#nodes > xmlLimits.nodes) this.#fail(`the document has more than ${xmlLimits.nodes} nodes`);
  }

  #fail(message: string): never {
    const position = this.#lines.positionOf(Math.max(0, this.#parser.position - 1));
    throw new XmlError(message, position.line, position.column);
  }
}

function isOrdinary(attribute: SaxesAttributeNS): boolean {
  return attribute.prefix !== 'xmlns' && attribute.name !== 'xmlns';
}

function toAttribute(attribute: SaxesAttributeNS): XmlAttribute {
  return { prefix: attribute.prefix, local: attribute.local, uri: attribute.uri, value: attribute.value };
}

/** The parser puts "line:column: " before its messages; ours are fields. */
function withoutPosition(message: string): string {
  return message.replace(/^\d+:\d+: /, '').replace(/\.$/, '');
}

/** A line and a column, both from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Turns offsets of a text into lines and columns. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  positionOf(offset: number): TextPosition {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }

  /** The way back; a line beyond the end counts as the last one. */
  offsetOf(position: TextPosition): number {
    return (this.#starts[position.line - 1] ?? this.#starts.at(-1) ?? 0) + position.column - 1;
  }
}

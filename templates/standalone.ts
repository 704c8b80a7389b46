import type { TemplateNode } from './schema.js';

type Literal = Extract<TemplateNode, { kind: 'literal' }>;

/** A section in the text of its template: where `{{#…}}` begins, and where `{{/…}}` begins and ends. */
export interface SectionSpan {
  readonly text: string;
  readonly open: number;
  readonly close: number;
  readonly end: number;
}

/**
 * Gives a section that fills whole lines its indentation and line end, so that it leaves no empty line behind when it
 * renders nothing, and makes one line for each turn of an `each`.
 *
 * `before` are the nodes in front of the section (the last one loses its indentation), `children` those inside.
 * Returns how much of the text behind the section now belongs to it: 0 when it does not fill its lines.
 */
export function takeWholeLines(before: TemplateNode[], children: TemplateNode[], span: SectionSpan): number {
  const indent = indentBefore(span.text, span.open);
  const lineEnd = /[ \t]*\r?\n/y;
  lineEnd.lastIndex = span.end;
  const [rest] = lineEnd.exec(span.text) ?? [];
  if (rest === undefined || indent === null || !dropFromEnd(before, indent)) return 0;
  takeFirstLine(children, indent, span.open);
  const closeIndent = indentBefore(span.text, span.close);
  // A closing tag alone on its line leaves no line; otherwise the line end moves inside.
  if (closeIndent === null || !dropFromEnd(children, closeIndent)) children.push(literal(rest, span.end));
  return rest.length;
}

/** The white space between the start of the line and `offset`, or null where something else stands there. */
function indentBefore(text: string, offset: number): string | null {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const indent = text.slice(lineStart, offset);
  return /^[ \t]*$/.test(indent) ? indent : null;
}

/** Takes `indent` off the last node; false when that is not where it stands. */
function dropFromEnd(nodes: TemplateNode[], indent: string): boolean {
  const last = nodes.at(-1);
  if (indent === '') return true;
  if (last?.kind !== 'literal' || !last.text.endsWith(indent)) return false;
  nodes[nodes.length - 1] = { ...last, text: last.text.slice(0, last.text.length - indent.length) };
  return true;
}

/** An opening tag alone on its line leaves no line; otherwise the indentation moves inside. */
function takeFirstLine(children: TemplateNode[], indent: string, offset: number): void {
  const first = children[0];
  const blank = first?.kind === 'literal' ? /^[ \t]*\r?\n/.exec(first.text)?.[0] : undefined;
  if (first?.kind === 'literal' && blank !== undefined)
    children[0] = { ...first, text: first.text.slice(blank.length), offset: first.offset + blank.length };
  else if (indent !== '') children.unshift(literal(indent, offset - indent.length));
}

function literal(text: string, offset: number): Literal {
  return { kind: 'literal', text, offset };
}

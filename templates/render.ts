import { templateLimits } from '../config/limits.js';
import { XmlError, dropIllegalXml, escapeXmlAttribute, parseXml } from '../config/xml.js';
import { TemplateOutputError } from './errors.js';
import type {
  RecordVariable,
  ResponseTemplate,
  TemplateLeaf,
  TemplateNode,
  TemplateVariables,
  TextVariable,
  VariableReference,
} from './schema.js';

interface LoopEntry {
  readonly key: string;
  readonly value: string;
}

/**
 * Renders a template; every value is made safe for the place where it lands.
 *
 * `{{{replySsml}}}` and `{{{replyMarkup}}}` are inserted as XML, without an XML declaration. When one is empty or not well-formed, the escaped
 * `reply` takes its place, so that the platform always gets something to say.
 *
 * @throws TemplateOutputError when the result is larger than `templateLimits.outputBytes`.
 */
export function render(template: ResponseTemplate, variables: TemplateVariables): string {
  let output = '';
  renderTo(template, variables, (text) => {
    output += text;
  });
  if (Buffer.byteLength(output) > templateLimits.outputBytes)
    throw new TemplateOutputError(
      template.id,
      `the output is larger than ${templateLimits.outputBytes} bytes`,
    );
  return output;
}

/** Renders piece by piece and says which leaf of the template each piece comes from. */
export function renderTo(
  template: ResponseTemplate,
  variables: TemplateVariables,
  write: (text: string, leaf: TemplateLeaf) => void,
): void {
  const walk = (nodes: readonly TemplateNode[], loop: LoopEntry | null): void => {
    for (const node of nodes) {
      if (node.kind === 'literal') write(node.text, node);
      else if (node.kind === 'variable') write(renderVariable(node, variables, loop), node);
      else if (node.kind === 'each')
        for (const entry of entriesOf(node.list, variables)) walk(node.children, entry);
      else if (holds(node, variables, loop)) walk(node.children, loop);
    }
  };
  walk(template.nodes, null);
}

function entriesOf(list: RecordVariable | 'tags', variables: TemplateVariables): LoopEntry[] {
  if (list === 'tags') return variables.tags.map((value, index) => ({ key: String(index), value }));
  return Object.entries(variables[list]).map(([key, value]) => ({ key, value }));
}

function renderVariable(
  node: Extract<TemplateNode, { kind: 'variable' }>,
  variables: TemplateVariables,
  loop: LoopEntry | null,
): string {
  const value = valueOf(node.variable, variables, loop);
  if (node.form === 'script') return escapeScript(value);
  if (node.placement === 'cdata') return dropIllegalXml(value).replaceAll(']]>', ']]]]><![CDATA[>');
  if (node.placement === 'name') return elementName(value);
  return node.form === 'xml'
    ? (fragment(value) ?? escapeXmlAttribute(variables.reply))
    : escapeXmlAttribute(value);
}

function holds(
  node: Extract<TemplateNode, { kind: 'if' }>,
  variables: TemplateVariables,
  loop: LoopEntry | null,
): boolean {
  const { variable, equals, negated } = node;
  const set =
    variable.kind === 'record'
      ? Object.keys(variables[variable.record]).length > 0
      : equals === null
        ? valueOf(variable, variables, loop) !== ''
        : valueOf(variable, variables, loop) === equals;
  return set !== negated;
}

function valueOf(variable: VariableReference, variables: TemplateVariables, loop: LoopEntry | null): string {
  switch (variable.kind) {
    case 'text':
      return textOf(variable.name, variables);
    case 'member': {
      const record = variables[variable.record];
      return Object.hasOwn(record, variable.member) ? (record[variable.member] ?? '') : '';
    }
    case 'loop':
      return loop?.[variable.name] ?? '';
    case 'record':
      return '';
  }
}

function textOf(name: TextVariable, variables: TemplateVariables): string {
  switch (name) {
    case 'replySsml':
      return withoutDeclaration(variables.replySsml);
    case 'replyMarkup':
      return withoutDeclaration(variables.replySsml).replace(/^<speak\b[^>]*>|<\/speak>$/g, '');
    case 'confidence':
      return twoPlaces(variables.confidence);
    case 'confidencePercent':
      return String(Math.round(variables.confidence * 100));
    case 'score':
      return variables.score === null ? '' : twoPlaces(variables.score);
    case 'tags':
      return variables.tags.join(',');
    default:
      return variables[name];
  }
}

function twoPlaces(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/**
 * The inside of an ECMAScript string literal in either quotes: what ends one, breaks a line or means something to XML
 * becomes a \\u escape, so it is safe in attributes, text and CDATA alike.
 */
function escapeScript(value: string): string {
  return dropIllegalXml(value).replace(
    /[\\'"`<>&\]\t\n\r\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What XML does not take in an element's name becomes an underscore (XML 1.0, 2.3, without colons). */
function elementName(value: string): string {
  const safe = value.replace(/[^\p{L}\p{Nd}._-]/gu, '_');
  return /^[\p{L}_]/u.test(safe) ? safe : `_${safe}`;
}

/** The value when it can stand inside an element, else null. */
function fragment(value: string): string | null {
  if (value === '') return null;
  try {
    parseXml(`<fragment>${value}</fragment>`);
    return value;
  } catch (error) {
    if (error instanceof XmlError) return null;
    throw error;
  }
}

function withoutDeclaration(document: string): string {
  return document.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '').trim();
}

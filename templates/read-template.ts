import { basename } from 'node:path';
import { templateLimits } from '../config/limits.js';
import { LineIndex, XmlError, parseXml } from '../config/xml.js';
import type { TextPosition } from '../config/xml.js';
import { TemplateSyntaxError } from './errors.js';
import { parseTemplate } from './parse.js';
import { renderTo } from './render.js';
import { emptyVariables } from './schema.js';
import type { ResponseTemplate, TemplateLeaf, TemplateProblem, TemplateVariables } from './schema.js';

const defaultContentType = 'application/nlsml+xml';

export type TemplateReading =
  | { readonly ok: true; readonly template: ResponseTemplate }
  | { readonly ok: false; readonly problem: TemplateProblem };

/** Parses and checks one template: variables known, and well-formed XML both with every variable set and with none. */
export function readTemplate(file: string, text: string): TemplateReading {
  const problem = (line: number, column: number, message: string, fix: string): TemplateReading => ({
    ok: false,
    problem: { file, line, column, message, fix },
  });
  if (Buffer.byteLength(text) > templateLimits.bytes)
    return problem(1, 1, `larger than ${templateLimits.bytes} bytes`, 'split it or shorten it');
  try {
    const { header, nodes } = parseTemplate(text);
    const id = header.get('id') ?? basename(file, '.xml');
    const contentType = header.get('contentType') ?? defaultContentType;
    if (!/^[\w.-]{1,64}$/.test(id))
      return problem(1, 1, `"${id}" is no id`, 'use letters, digits, - _ . (up to 64)');
    if (!/^[\w.+-]+\/[\w.+-]+(?:;[ -~]+)?$/.test(contentType))
      return problem(1, 1, `"${contentType}" is no media type`, `write contentType=${defaultContentType}`);
    const template = { id, contentType, description: header.get('description') ?? '', file, nodes };
    return checkOutput(template, text) ?? { ok: true, template };
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    return problem(error.position.line, error.position.column, error.message, error.fix);
  }
}

const hostile = `a & b <c> "d" 'e' ]]>`;

const everythingSet: TemplateVariables = {
  reply: hostile,
  replySsml: '<?xml version="1.0"?><speak>a<break/></speak>',
  transcript: hostile,
  confidence: 0.5,
  inputMode: 'speech',
  nodeId: 'node',
  branchId: 'branch',
  score: 0.5,
  action: 'transfer',
  transferTo: 'sip:1@example.com',
  sessionId: '1',
  slots: { first: hostile, 'second slot': '2' },
  tags: ['a', hostile],
  channelId: '1@speechrecog',
  grammar: 'session:1',
  language: 'en-US',
  vars: { first: hostile },
};

const samples = [
  ['with every variable set', everythingSet],
  ['with no variable set', emptyVariables],
  ['with every variable set and no transfer', { ...everythingSet, action: 'continue' }],
  ['at the end of the conversation', { ...everythingSet, action: 'hangup' }],
] as const;

function checkOutput(template: ResponseTemplate, source: string): TemplateReading | null {
  for (const [when, variables] of samples) {
    const traced = new TracedOutput(template, variables);
    try {
      parseXml(traced.text);
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      const { line, column } = traced.sourcePosition(source, error);
      const message = `not well-formed ${when}: ${error.message}`;
      const fix = 'close every tag inside the section that opens it, and quote attributes';
      return { ok: false, problem: { file: template.file, line, column, message, fix } };
    }
  }
  return null;
}

/** An output that remembers which leaf of the template each of its pieces came from. */
class TracedOutput {
  readonly #pieces: { readonly start: number; readonly leaf: TemplateLeaf }[] = [];
  #text = '';

  constructor(template: ResponseTemplate, variables: TemplateVariables) {
    renderTo(template, variables, (text, leaf) => {
      this.#pieces.push({ start: this.#text.length, leaf });
      this.#text += text;
    });
  }

  get text(): string {
    return this.#text;
  }

  /** Where in the template the output's position comes from. */
  sourcePosition(source: string, position: TextPosition): TextPosition {
    const offset = new LineIndex(this.#text).offsetOf(position);
    const piece = this.#pieces.findLast(({ start }) => start <= offset);
    if (piece === undefined) return { line: 1, column: 1 };
    const inside = piece.leaf.kind === 'literal' ? offset - piece.start : 0;
    return new LineIndex(source).positionOf(piece.leaf.offset + inside);
  }
}

import {
  XmlError,
  attributeOf,
  childElements,
  escapeXml,
  escapeXmlAttribute,
  parseXml,
  textContent,
} from '../../config/xml.js';
import type { XmlElement } from '../../config/xml.js';

/** The media type of RFC 6787 6.3.1 for results; UniMRCP's older `application/x-nlsml` means the same. */
export const nlsmlContentType = 'application/nlsml+xml';

const nlsmlNamespace = 'urn:ietf:params:xml:ns:mrcpv2';

/** asterisk-unimrcp keeps 2,048 octets of a result, the terminating zero included. */
export const asteriskResultBytes = 2_047;

/** One child of a structured `<instance>`; `name` is an XML name without a prefix. */
export interface NlsmlField {
  readonly name: string;
  readonly value: string;
}

/** What was heard: words or digits, or that nothing fitted (`nomatch`) or came (`noinput`), RFC 6787 9.6.3.4. */
export interface NlsmlInput {
  readonly kind: 'input' | 'nomatch' | 'noinput';
  readonly mode: 'speech' | 'dtmf';
  /** What was recognised; for `nomatch` what was heard, if anything. */
  readonly text: string;
  /** 0 to 1. */
  readonly confidence: number | null;
  /** Unix milliseconds. */
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

/** One meaning of the input (RFC 6787 9.6.3.2). */
export interface NlsmlInterpretation {
  /** URI of the grammar that matched, or null. */
  readonly grammar: string | null;
  /** 0 to 1. */
  readonly confidence: number | null;
  /** The meaning: text, or fields for clients that expect a structure. */
  readonly instance: string | readonly NlsmlField[];
  readonly input: NlsmlInput;
}

export interface NlsmlResult {
  /** URI of the grammar of interpretations that name none, or null. */
  readonly grammar: string | null;
  /** In any order when built; best first when parsed from what we built. */
  readonly interpretations: readonly NlsmlInterpretation[];
}

/** An input of text, with nothing known but its mode. */
export function heardInput(
  mode: NlsmlInput['mode'],
  text: string,
  more: Partial<NlsmlInput> = {},
): NlsmlInput {
  return { kind: 'input', mode, text, confidence: null, startedAtMs: null, endedAtMs: null, ...more };
}

/**
 * Writes a recognition result (RFC 6787 6.3.1 and 9.6), the most confident interpretation first.
 *
 * With `maxBytes`, the least confident interpretations are left out until the document fits; the best one always stays.
 */
export function buildNlsml(result: NlsmlResult, maxBytes = Infinity): string {
  const sorted = result.interpretations.toSorted((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0));
  const head = `<?xml version="1.0"?>\n<result xmlns="${nlsmlNamespace}"${optional('grammar', result.grammar)}>`;
  const tail = '</result>\n';
  let body = '';
  let bytes = Buffer.byteLength(head) + tail.length;
  for (const [rank, interpretation] of sorted.entries()) {
    const text = interpretationXml(interpretation);
    bytes += Buffer.byteLength(text);
    if (rank > 0 && bytes > maxBytes) break;
    body += text;
  }
  return head + body + tail;
}

function interpretationXml(interpretation: NlsmlInterpretation): string {
  const { grammar, confidence, instance, input } = interpretation;
  const attributes = optional('grammar', grammar) + optional('confidence', confidenceText(confidence));
  return `<interpretation${attributes}><instance>${instanceXml(instance)}</instance>${inputXml(input)}</interpretation>`;
}

function instanceXml(instance: NlsmlInterpretation['instance']): string {
  if (typeof instance === 'string') return escapeXml(instance);
  return instance
    .map(({ name, value }) => `<${fieldName(name)}>${escapeXml(value)}</${fieldName(name)}>`)
    .join('');
}

/** Names come from operators' slots: what XML does not take in a name becomes an underscore. */
function fieldName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{Nd}._-]/gu, '_');
  return /^[\p{L}_]/u.test(safe) ? safe : `_${safe}`;
}

function inputXml(input: NlsmlInput): string {
  const attributes =
    ` mode="${input.mode}"` +
    optional('confidence', confidenceText(input.confidence)) +
    optional('timestamp-start', timestamp(input.startedAtMs)) +
    optional('timestamp-end', timestamp(input.endedAtMs));
  const text = escapeXml(input.text);
  switch (input.kind) {
    case 'input':
      return `<input${attributes}>${text}</input>`;
    case 'nomatch':
      return `<input${attributes}>${text === '' ? '<nomatch/>' : `<nomatch>${text}</nomatch>`}</input>`;
    case 'noinput':
      return `<input${attributes}><noinput/></input>`;
  }
}

function optional(name: string, value: string | null): string {
  return value === null ? '' : ` ${name}="${escapeXmlAttribute(value)}"`;
}

/** RFC 6787 9.6.3.2: a decimal from 0.0 to 1.0; two places say all that is known. */
function confidenceText(confidence: number | null): string | null {
  if (confidence === null) return null;
  return String(Math.round(Math.min(1, Math.max(0, confidence)) * 100) / 100);
}

function timestamp(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toISOString();
}

export type NlsmlReading =
  { readonly ok: true; readonly result: NlsmlResult } | { readonly ok: false; readonly reason: string };

/**
 * Reads a result with or without the namespace, with confidences from 0 to 1 or, as MRCPv1 has them, up to 100.
 *
 * A structured instance whose children are all plain elements is read as fields, any other as its text.
 */
export function parseNlsml(text: string): NlsmlReading {
  try {
    const root = parseXml(text);
    if (root.local !== 'result')
      return { ok: false, reason: `the root element is "${root.local}", not "result"` };
    const interpretations = childElements(root, 'interpretation').map(readInterpretation);
    return { ok: true, result: { grammar: attributeOf(root, 'grammar'), interpretations } };
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return { ok: false, reason: `line ${error.line}: ${error.message}` };
  }
}

function readInterpretation(element: XmlElement): NlsmlInterpretation {
  const [instance] = childElements(element, 'instance');
  const [input] = childElements(element, 'input');
  return {
    grammar: attributeOf(element, 'grammar'),
    confidence: readConfidence(element),
    instance: instance === undefined ? '' : readInstance(instance),
    input: input === undefined ? heardInput('speech', '') : readInput(input),
  };
}

function readInstance(instance: XmlElement): NlsmlInterpretation['instance'] {
  const fields = childElements(instance);
  const structured = fields.length > 0 && fields.every((field) => childElements(field).length === 0);
  if (!structured) return textContent(instance).trim();
  return fields.map((field) => ({ name: field.local, value: textContent(field).trim() }));
}

function readInput(element: XmlElement): NlsmlInput {
  const [nomatch] = childElements(element, 'nomatch');
  const [noinput] = childElements(element, 'noinput');
  return {
    kind: nomatch !== undefined ? 'nomatch' : noinput !== undefined ? 'noinput' : 'input',
    mode: attributeOf(element, 'mode') === 'dtmf' ? 'dtmf' : 'speech',
    text: textContent(element).trim(),
    confidence: readConfidence(element),
    startedAtMs: readTimestamp(attributeOf(element, 'timestamp-start')),
    endedAtMs: readTimestamp(attributeOf(element, 'timestamp-end')),
  };
}

function readConfidence(element: XmlElement): number | null {
  const text = attributeOf(element, 'confidence');
  if (text === null || !/^\s*\d{1,3}(\.\d*)?\s*$/.test(text)) return null;
  const value = Number(text);
  return value > 1 ? Math.min(1, value / 100) : value;
}

function readTimestamp(text: string | null): number | null {
  const value = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(value) ? null : value;
}

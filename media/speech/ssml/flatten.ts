import { speechLimits } from '../../../config/limits.js';
import {
  XmlError,
  attributeOf,
  parseXml,
  qualifiedName,
  textContent,
  xmlNamespace,
} from '../../../config/xml.js';
import type { XmlElement, XmlNode } from '../../../config/xml.js';
import { isChinese } from '../grammar/tokenize.js';
import type { SynthesisCause } from '../synthesizer.js';
import { prosodyPitch, prosodyRate, prosodyVolume } from './prosody.js';
import { sayAs } from './say-as.js';
import { SpeechText } from './speech-text.js';
import type { TextBreak, TextMark } from './speech-text.js';

/** A document to speak, as far as an engine that knows only text can follow it; it feeds a `SynthesisRequest`. */
export interface FlatSpeech {
  readonly text: string;
  readonly marks: readonly TextMark[];
  readonly breaks: readonly TextBreak[];
  /** BCP 47, or null where the document names none. */
  readonly language: string | null;
  readonly voice: string | null;
  readonly gender: string | null;
  /** Factors with 1 as normal, in the ranges of `SynthesisRequest`. */
  readonly speed: number;
  readonly pitch: number;
  readonly volume: number;
  /** What could not be honoured, with its line. */
  readonly warnings: readonly string[];
}

/** `unsupported-type` is a media type that cannot be spoken (MRCP answers 409); `failed` has the cause of RFC 6787 8.4.4. */
export type SpeechReading =
  | { readonly ok: true; readonly speech: FlatSpeech }
  | {
      readonly ok: false;
      readonly kind: 'unsupported-type' | 'failed';
      readonly cause: SynthesisCause;
      readonly reason: string;
    };

/** Media types `readSpeech` takes. */
export const speechMediaTypes = ['text/plain', 'application/ssml+xml', 'application/synthesis+ssml'] as const;

/** Reads the body of a SPEAK (RFC 6787 8.5.1): plain text passes through, SSML is flattened. Nothing is thrown. */
export function readSpeech(contentType: string, body: string, language: string): SpeechReading {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'text/plain') {
    const speech = new SpeechText();
    speech.append(body.replace(/^\uFEFF/, ''));
    return bounded({ ...speech.finish(), ...neutral });
  }
  if (type === 'application/ssml+xml' || type === 'application/synthesis+ssml')
    return flattenSsml(body, language);
  if (type === 'text/uri-list')
    return {
      ok: false,
      kind: 'failed',
      cause: 'uri-failure',
      reason: 'documents are not fetched; send the text itself',
    };
  const reason = `"${contentType}" cannot be spoken; use one of ${speechMediaTypes.join(', ')}`;
  return { ok: false, kind: 'unsupported-type', cause: 'parse-failure', reason };
}

const neutral = {
  language: null,
  voice: null,
  gender: null,
  speed: 1,
  pitch: 1,
  volume: 1,
  warnings: [],
} as const;

/**
 * Turns SSML 1.1 into text.
 *
 * `break`, `p` and `s` become punctuation (and `breaks`), `say-as` is spelled out in English and Chinese, `sub` says its
 * alias, `audio` its fallback, `mark` becomes an offset. A `voice`, `prosody` or `lang` that holds everything is lifted
 * into the request's attributes; one that holds a part is spoken like the rest. Unknown elements keep their text.
 *
 * @param language BCP 47, for documents that name none.
 */
export function flattenSsml(document: string, language: string): SpeechReading {
  try {
    const root = parseXml(document, { externalDoctype: true });
    if (root.local !== 'speak')
      return failed(`line ${root.line}: the root element is "${root.local}", not "speak"`);
    return bounded(new Flattener(language).flatten(root));
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return failed(`line ${error.line}: ${error.message} (column ${error.column})`);
  }
}

function failed(reason: string): SpeechReading {
  return { ok: false, kind: 'failed', cause: 'parse-failure', reason };
}

function bounded(speech: FlatSpeech): SpeechReading {
  if (speech.text.length <= speechLimits.synthesisTextCharacters) return { ok: true, speech };
  return failed(`the text has more than ${speechLimits.synthesisTextCharacters} characters`);
}

/** More warnings than this say nothing new. */
const mostWarnings = 50;

const dropped = new Set(['desc', 'metadata', 'meta', 'lexicon', 'lookup']);
const wrappers = new Set(['voice', 'prosody', 'lang']);
const transparent = new Set(['emphasis', 'phoneme', 'token', 'w']);

class Flattener {
  readonly #speech = new SpeechText();
  readonly #warnings: string[] = [];
  readonly #lifted = new Set<XmlElement>();
  readonly #language: string;
  #attributes: Omit<FlatSpeech, 'text' | 'marks' | 'breaks' | 'warnings'> = neutral;

  constructor(language: string) {
    this.#language = language;
  }

  flatten(root: XmlElement): FlatSpeech {
    this.#attributes = { ...neutral, language: attributeOf(root, 'lang', xmlNamespace) };
    this.#lift(root);
    const language = this.#attributes.language ?? this.#language;
    for (const child of root.children) this.#node(child, language);
    return { ...this.#speech.finish(), ...this.#attributes, warnings: this.#warnings };
  }

  /** Follows elements that hold everything there is, and takes over what they say about the voice. */
  #lift(parent: XmlElement): void {
    const [child, ...others] = parent.children.filter(isSpoken);
    if (child?.kind !== 'element' || others.length > 0) return;
    if (wrappers.has(child.local)) this.#liftAttributes(child);
    else if (child.local !== 'p' && child.local !== 's') return;
    this.#lift(child);
  }

  #liftAttributes(element: XmlElement): void {
    this.#lifted.add(element);
    const before = this.#attributes;
    this.#attributes = {
      language: attributeOf(element, 'lang', xmlNamespace) ?? before.language,
      voice: attributeOf(element, 'name')?.trim().split(/\s+/)[0] ?? before.voice,
      gender: attributeOf(element, 'gender') ?? before.gender,
      speed: this.#factor(element, 'rate', prosodyRate) ?? before.speed,
      pitch: this.#factor(element, 'pitch', prosodyPitch) ?? before.pitch,
      volume: this.#factor(element, 'volume', prosodyVolume) ?? before.volume,
    };
  }

  #factor(element: XmlElement, name: string, read: (text: string) => number | null): number | null {
    const text = attributeOf(element, name);
    const factor = text === null ? null : read(text);
    if (text !== null && factor === null) this.#warn(element, `${name}="${text}" is not understood`);
    return factor;
  }

  #node(node: XmlNode, language: string): void {
    if (node.kind === 'text') this.#speech.append(node.text);
    else this.#element(node, language);
  }

  #element(element: XmlElement, outerLanguage: string): void {
    const language = attributeOf(element, 'lang', xmlNamespace) ?? outerLanguage;
    switch (element.local) {
      case 'p':
      case 's':
      case 'paragraph':
      case 'sentence':
        this.#speech.endSentence(isChinese(outerLanguage));
        this.#children(element, language);
        this.#speech.endSentence(isChinese(language));
        return;
      case 'break':
        this.#break(element, language);
        return;
      case 'mark':
        this.#speech.mark(attributeOf(element, 'name') ?? '');
        return;
      case 'say-as':
        this.#sayAs(element, language);
        return;
      case 'sub':
        this.#speech.append(attributeOf(element, 'alias') ?? textContent(element));
        return;
      case 'audio':
        this.#warn(
          element,
          `audio "${attributeOf(element, 'src') ?? ''}" is not played; its own text is spoken`,
        );
        this.#children(element, language);
        return;
      default:
        this.#other(element, language);
    }
  }

  #other(element: XmlElement, language: string): void {
    if (dropped.has(element.local)) return;
    if (wrappers.has(element.local)) {
      if (!this.#lifted.has(element)) this.#warn(element, `${element.local} holds only a part of the text`);
    } else if (!transparent.has(element.local))
      this.#warn(element, `element "${qualifiedName(element)}" is not known`);
    this.#children(element, language);
  }

  #children(element: XmlElement, language: string): void {
    for (const child of element.children) this.#node(child, language);
  }

  #break(element: XmlElement, language: string): void {
    const durationMs = breakMs(attributeOf(element, 'time'), attributeOf(element, 'strength'));
    if (durationMs === null) this.#warn(element, 'a break has a time ("500ms", "1.5s") or a known strength');
    else if (durationMs > 0) this.#speech.pause(durationMs, isChinese(language));
  }

  #sayAs(element: XmlElement, language: string): void {
    // `type` was the attribute's name in drafts that platforms still send.
    const interpretAs = attributeOf(element, 'interpret-as') ?? attributeOf(element, 'type') ?? '';
    const spoken = sayAs(interpretAs, attributeOf(element, 'format') ?? '', textContent(element), language);
    if (!spoken.known) this.#warn(element, `say-as "${interpretAs}" is spoken as it is written`);
    this.#speech.append(spoken.text);
  }

  #warn(element: XmlElement, text: string): void {
    if (this.#warnings.length < mostWarnings) this.#warnings.push(`line ${element.line}: ${text}`);
  }
}

/** False for what no voice speaks: a mark or a break beside the one element that holds the text changes nothing. */
function isSpoken(node: XmlNode): boolean {
  if (node.kind === 'text') return node.text.trim() !== '';
  return !dropped.has(node.local) && node.local !== 'mark' && node.local !== 'break';
}

const strengthsMs: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 100,
  weak: 200,
  medium: 400,
  strong: 700,
  'x-strong': 1_000,
};

/** No pause is longer than this. */
const longestBreakMs = 10_000;

/** SSML 1.1 3.2.3: the time decides, then the strength, and medium is meant without either. */
function breakMs(time: string | null, strength: string | null): number | null {
  if (time !== null) {
    const match = /^\+?(\d+(?:\.\d+)?)(ms|s)$/.exec(time.trim());
    if (match === null) return null;
    return Math.min(longestBreakMs, Number(match[1]) * (match[2] === 's' ? 1_000 : 1));
  }
  const name = strength ?? 'medium';
  return Object.hasOwn(strengthsMs, name) ? (strengthsMs[name] ?? null) : null;
}

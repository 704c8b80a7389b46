import type { QuickReply } from './action.js';
import { compileExpression, type Expression } from './expression.js';
import { compileTemplate, type TextTemplate } from './text-template.js';
import type { RawCard, RawQuickReply, RawRendition, RawText } from './text-schema.js';
import type { Assignment, CardTemplate, PromptTemplate, QuickReplyTemplate, Rendition } from './tree.js';
import { nearestName, type Report, type TreePath } from './tree-problem.js';
import type { RawAssignment } from './tree-schema.js';

const wholeSnippet = /^\$([\p{L}\p{N}_-]{1,64})$/u;
const snippetPlace = /\{@([\p{L}\p{N}_-]{1,64})\}/gu;

/** What the compiler needs of the tree around a text. */
export interface CompilerOptions {
  readonly language: string;
  readonly snippets: Readonly<Record<string, RawText>>;
  readonly report: Report;
}

/** Where in a text something stands: snippets are taken in the same language and for the same channel. */
interface Place {
  readonly language: string;
  readonly channel: 'voice' | 'ssml' | 'chat';
  readonly path: TreePath;
}

/**
 * Makes the texts and expressions of a tree file ready to be used; what cannot be is reported, with its place, and
 * replaced by something empty, so that the rest of the file is checked too.
 */
export class Compiler {
  readonly #options: CompilerOptions;

  constructor(options: CompilerOptions) {
    this.#options = options;
  }

  /** A text in all its languages. A channel left out is taken from the others. */
  prompt(raw: RawText, path: TreePath): PromptTemplate {
    const { language } = this.#options;
    const given = raw.only ? { [language]: raw.only } : raw.languages;
    const snippet = raw.only?.voice === undefined ? null : this.#wholeSnippet(raw.only.voice, path);
    if (snippet) return this.prompt(snippet, path);
    const renditions = new Map<string, Rendition>();
    for (const [tag, rendition] of Object.entries(given)) {
      renditions.set(tag, this.#rendition(rendition, tag, raw.only ? path : [...path, tag]));
    }
    return { bargeIn: Object.values(given).every(({ bargein }) => bargein), renditions };
  }

  /** A text with places, without channels. */
  template(source: string, path: TreePath): TextTemplate {
    const compiled = compileTemplate(source);
    if (compiled.ok) return compiled.template;
    this.#options.report('error', path, compiled.message, compiled.fix);
    return emptyTemplate;
  }

  expression(source: string, path: TreePath): Expression {
    const compiled = compileExpression(source);
    if (compiled.ok) return compiled.expression;
    const at = compiled.offset > 0 ? ` (at character ${compiled.offset + 1})` : '';
    this.#options.report('error', path, `${compiled.message}${at}`, compiled.fix);
    return emptyExpression;
  }

  /** Text after no sign, an expression after `=`. */
  assignment(raw: RawAssignment, path: TreePath): Assignment {
    if (typeof raw !== 'string')
      return { type: 'expression', expression: this.expression(String(raw), path) };
    if (raw.startsWith('=')) return { type: 'expression', expression: this.expression(raw.slice(1), path) };
    return { type: 'text', template: this.template(raw, path) };
  }

  assignments(raw: Readonly<Record<string, RawAssignment>>, path: TreePath): Map<string, Assignment> {
    return new Map(
      Object.entries(raw).map(([name, value]) => [name, this.assignment(value, [...path, name])]),
    );
  }

  #rendition(raw: RawRendition, language: string, path: TreePath): Rendition {
    const card = raw.card ?? null;
    const cardText = card && [card.title, card.text].filter((part) => part !== '').join('\n');
    const chat = raw.chat ?? raw.voice ?? cardText ?? '';
    const voice = raw.voice ?? (raw.chat === undefined ? (cardText ?? '') : raw.chat);
    if (voice.trim() === '' || chat.trim() === '')
      this.#options.report('error', path, 'the text is empty', 'Write what the bot says, or remove the key');
    const at = (channel: Place['channel']): Place => ({ language, channel, path });
    return {
      voice: this.#text(voice, at('voice')),
      ssml: raw.ssml === undefined ? null : this.#text(raw.ssml, at('ssml')),
      chat: this.#text(chat, at('chat')),
      quickReplies: raw.quick_replies.map((reply) => this.#quickReply(reply, at('chat'))),
      card: card && this.#card(card, at('chat')),
    };
  }

  #card(raw: RawCard, place: Place): CardTemplate {
    return {
      title: this.#text(raw.title, place),
      text: this.#text(raw.text, place),
      image: raw.image === undefined ? null : this.#text(raw.image, place),
      url: raw.url === undefined ? null : this.#text(raw.url, place),
      buttons: raw.buttons.map((button) => this.#quickReply(button, place)),
    };
  }

  #quickReply({ title, value }: RawQuickReply & QuickReply, place: Place): QuickReplyTemplate {
    return { title: this.#text(title, place), value: this.#text(value, place) };
  }

  /** A text with its snippets put in. */
  #text(source: string, place: Place): TextTemplate {
    const complete = source.replace(snippetPlace, (_whole, name: string) => this.#snippetText(name, place));
    return this.template(complete, place.path);
  }

  #wholeSnippet(source: string, path: TreePath): RawText | null {
    const name = wholeSnippet.exec(source)?.[1];
    if (name === undefined) return null;
    const snippet = this.#snippet(name, path);
    if (snippet?.only?.voice === undefined || !wholeSnippet.test(snippet.only.voice)) return snippet;
    this.#options.report(
      'error',
      path,
      `the snippet "${name}" is only another snippet`,
      'Name that one here',
    );
    return null;
  }

  #snippetText(name: string, { language, channel, path }: Place): string {
    const snippet = this.#snippet(name, path);
    if (!snippet) return '';
    const rendition = snippet.only ?? snippet.languages[language] ?? Object.values(snippet.languages)[0];
    const text = rendition?.[channel] ?? rendition?.voice ?? rendition?.chat ?? '';
    if (!text.includes('{@')) return text;
    this.#options.report('error', path, `the snippet "${name}" holds another snippet`, 'Write its text out');
    return '';
  }

  #snippet(name: string, path: TreePath): RawText | null {
    const { snippets, report } = this.#options;
    if (Object.hasOwn(snippets, name)) return snippets[name] ?? null;
    const near = nearestName(name, Object.keys(snippets));
    const fix = near ? `Write "${near}"` : 'Add it under "snippets:"';
    report('error', path, `there is no snippet "${name}"`, fix);
    return null;
  }
}

const emptyTemplate = templateOf('');
const emptyExpression = expressionOf('null');

/** For sources of our own, which are right. */
function templateOf(source: string): TextTemplate {
  const compiled = compileTemplate(source);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.template;
}

function expressionOf(source: string): Expression {
  const compiled = compileExpression(source);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.expression;
}

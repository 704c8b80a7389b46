import type { Card, Prompt, QuickReply } from './action.js';
import type { EntityContext, EntityForm } from './entity.js';
import type { ExpressionScope } from './expression.js';
import type { TextTemplate } from './text-template.js';
import {
  renditionFor,
  type CardTemplate,
  type DialogTree,
  type PromptTemplate,
  type QuickReplyTemplate,
} from './tree.js';
import { textOf, type Value } from './value.js';

/** What a text is filled in with. */
export interface RenderContext {
  readonly tree: DialogTree;
  readonly scope: ExpressionScope;
  readonly context: EntityContext;
}

type Fill = (template: TextTemplate) => string;

/** Fills in a text for every channel, in the language of the conversation. */
export function renderPrompt(template: PromptTemplate, context: RenderContext): Prompt {
  const { language } = context.context;
  const rendition = renditionFor(template, language);
  const { bargeIn } = template;
  if (!rendition) return { voice: '', chat: '', bargeIn };
  const spoken: Fill = (text) => fill(text, 'spoken', context);
  const written: Fill = (text) => fill(text, 'written', context);
  const { voice, chat, ssml, quickReplies, card } = rendition;
  return {
    voice: spoken(voice),
    ...(ssml ? { ssml: fillSsml(ssml, context) } : {}),
    chat: written(chat),
    ...(quickReplies.length > 0
      ? { quickReplies: quickReplies.map((reply) => quickReply(reply, written)) }
      : {}),
    ...(card ? { card: renderCard(card, written) } : {}),
    bargeIn,
    ...(language === context.tree.language ? {} : { language }),
  };
}

/** Which parts of a chat message a channel can show. */
export interface ChatAbilities {
  readonly quickReplies: boolean;
  readonly cards: boolean;
}

/** The text of a prompt for a chat, with everything that the channel cannot show written out. */
export function chatText({ chat, quickReplies, card }: Prompt, can: ChatAbilities): string {
  const lines = [chat];
  if (card && !can.cards) {
    for (const part of [card.title, card.text, card.url ?? '']) if (!chat.includes(part)) lines.push(part);
    if (!can.quickReplies) lines.push(...numbered(card.buttons));
  }
  if (quickReplies && !can.quickReplies) lines.push(...numbered(quickReplies));
  return lines.filter((line) => line !== '').join('\n');
}

function numbered(replies: readonly QuickReply[]): string[] {
  return replies.map(({ title }, i) => `${i + 1}. ${title}`);
}

function quickReply({ title, value }: QuickReplyTemplate, written: Fill): QuickReply {
  return { title: written(title), value: written(value) };
}

function renderCard(card: CardTemplate, written: Fill): Card {
  return {
    title: written(card.title),
    text: written(card.text),
    image: card.image && written(card.image),
    url: card.url && written(card.url),
    buttons: card.buttons.map((button) => quickReply(button, written)),
  };
}

function fill(template: TextTemplate, form: EntityForm, { tree, scope, context }: RenderContext): string {
  return template.fill(scope, (name, value) => formatValue(tree, name, value, form, context));
}

/** Values are data: what they hold of markup is said, not obeyed. */
function fillSsml(template: TextTemplate, { tree, scope, context }: RenderContext): string {
  return template.fill(scope, (name, value) =>
    formatValue(tree, name, value, 'spoken', context)
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;'),
  );
}

function formatValue(
  tree: DialogTree,
  name: string | null,
  value: Value,
  form: EntityForm,
  context: EntityContext,
): string {
  const type = name === null ? undefined : tree.slotTypes.get(name);
  return type ? type.format(value, form, context) : textOf(value);
}

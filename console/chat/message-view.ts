import type { CardBody, ChatMessage, MessageBody, QuickReplyBody } from '../../gateway/websocket/protocol.js';
import { button, make } from './dom.js';
import { safeAddress, splitLinks } from './links.js';
import { fill } from './texts.js';
import type { Texts } from './texts.js';
import type { Times } from './times.js';

export type Tick = 'sent' | 'delivered' | 'read';

export interface MessageViewDeps {
  readonly texts: Texts;
  readonly times: Times;
  readonly onReply: (reply: QuickReplyBody) => void;
}

/** Who said it, for people. */
export function authorName(message: Pick<ChatMessage, 'author' | 'name'>, texts: Texts): string {
  if (message.author === 'user') return texts.you;
  return message.name ?? texts[message.author];
}

/** One message; `grouped`: it follows another of the same author closely, so that the name is for screen readers alone. */
export function drawMessage(message: ChatMessage, grouped: boolean, deps: MessageViewDeps): HTMLElement {
  const { body } = message;
  const element = body.type === 'event' ? drawEvent(body, deps) : drawText(message, body, grouped, deps);
  element.dataset['seq'] = String(message.seq);
  return element;
}

/** Shows how far an own message has come; a change of attributes, which screen readers do not read out. */
export function setTick(element: HTMLElement, tick: Tick, texts: Texts): void {
  const ticks = element.querySelector<HTMLElement>('.ticks');
  if (ticks === null || ticks.dataset['tick'] === tick) return;
  ticks.dataset['tick'] = tick;
  ticks.setAttribute('aria-label', texts[tick]);
  ticks.title = texts[tick];
}

/** The text with its addresses as links. */
export function drawLinkedText(text: string, texts: Texts): HTMLElement {
  const paragraph = make('p', 'text');
  for (const part of splitLinks(text)) {
    if (part.kind === 'text') paragraph.append(part.text);
    else paragraph.append(drawLink(part.href, part.text, texts));
  }
  return paragraph;
}

function drawEvent(
  body: Extract<MessageBody, { readonly type: 'event' }>,
  { texts }: MessageViewDeps,
): HTMLElement {
  return make('div', 'event', body.text === '' ? texts.events[body.event] : body.text);
}

function drawText(
  message: ChatMessage,
  body: Extract<MessageBody, { readonly type: 'text' }>,
  grouped: boolean,
  deps: MessageViewDeps,
): HTMLElement {
  const { texts, times } = deps;
  const own = message.author === 'user';
  const who = make('span', 'who', authorName(message, texts), make('span', 'hidden', ': '));
  if (grouped || own) who.classList.add('hidden');
  const bubble = make('div', 'bubble');
  if (body.text !== '') bubble.append(drawLinkedText(body.text, texts));
  if (body.card) bubble.append(drawCard(body.card, deps));
  const time = make('time', '', times.time(message.at));
  time.dateTime = new Date(message.at).toISOString();
  time.title = times.full(message.at);
  const meta = make('span', 'meta', time);
  if (own) {
    const ticks = make('span', 'ticks');
    ticks.setAttribute('role', 'img');
    meta.append(ticks);
  }
  const classes = ['message', own ? 'own' : message.author, ...(grouped ? ['grouped'] : [])];
  return make('div', classes.join(' '), who, bubble, meta);
}

function drawLink(href: string, text: string, texts: Texts): HTMLAnchorElement {
  const link = make('a', '', text);
  link.href = href;
  link.target = '_blank';
  link.rel = 'noopener noreferrer nofollow';
  link.title = `${texts.openLink}: ${href}`;
  return link;
}

function drawCard(card: CardBody, { texts, onReply }: MessageViewDeps): HTMLElement {
  const element = make('section', 'card');
  element.setAttribute('aria-label', card.title);
  const source = card.image === null ? null : safeAddress(card.image, ['https:']);
  if (source !== null) element.append(drawImage(source));
  const inner = make('div', 'inner', make('h3', '', card.title));
  if (card.text !== '') inner.append(drawLinkedText(card.text, texts));
  const href = card.url === null ? null : safeAddress(card.url, ['https:', 'http:']);
  if (href !== null) {
    const link = drawLink(
      href,
      fill('{open} {host}', { open: texts.openLink, host: new URL(href).host }),
      texts,
    );
    link.className = 'more';
    inner.append(link);
  }
  if (card.buttons.length > 0) {
    const buttons = card.buttons.map((reply) => button('reply', reply.title, () => onReply(reply)));
    inner.append(make('div', 'buttons', ...buttons));
  }
  element.append(inner);
  return element;
}

/** Its box has a fixed shape, so that nothing moves when it has come; one that does not come leaves no hole. */
function drawImage(source: string): HTMLElement {
  const image = make('img', '');
  image.alt = '';
  image.decoding = 'async';
  image.loading = 'lazy';
  image.referrerPolicy = 'no-referrer';
  image.addEventListener('error', () => image.remove());
  image.src = source;
  return image;
}

import { ChatClient } from '../client/chat-client.js';
import type { ChatClientDeps, ChatClientOptions } from '../client/chat-client.js';
import type { ChatListener, ClosedReason } from '../client/chat-state.js';
import type { ChatMessage, QuickReplyBody } from '../../gateway/websocket/protocol.js';
import { Composer } from './composer.js';
import { button, byId, make } from './dom.js';
import type { Embed } from './embed.js';
import { LogView } from './log-view.js';
import { OutboxView } from './outbox-view.js';
import { Scroll } from './scroll.js';
import { StatusView } from './status-view.js';
import { fill } from './texts.js';
import type { Texts } from './texts.js';
import { Times } from './times.js';

export interface ChatPageDeps extends ChatClientDeps {
  readonly texts: Texts;
  /** How times are written. */
  readonly locale: string;
  readonly embed: Embed | null;
  readonly newDevice: () => string;
}

/** The page: shows what `ChatClient` holds and tells it what the person does. */
export class ChatPage implements ChatListener {
  readonly client: ChatClient;
  readonly #deps: ChatPageDeps;
  readonly #texts: Texts;
  readonly #log: LogView;
  readonly #outbox: OutboxView;
  readonly #scroll: Scroll;
  readonly #status: StatusView;
  readonly #composer: Composer;
  readonly #replies = byId('replies', HTMLElement);
  readonly #typing = byId('typing', HTMLElement);
  readonly #jump = byId('jump', HTMLButtonElement);
  readonly #earlier = byId('earlier', HTMLButtonElement);
  readonly #end = byId('end', HTMLButtonElement);
  #frame = false;
  #unread = 0;
  #shown = true;
  #typedShown = '';

  constructor(options: ChatClientOptions, deps: ChatPageDeps) {
    const { texts } = deps;
    this.#deps = deps;
    this.#texts = texts;
    const times = new Times(texts, deps.locale, () => deps.clock.epochMs());
    this.#log = new LogView(byId('log', HTMLElement), {
      texts,
      times,
      onReply: (reply) => this.#reply(reply),
    });
    this.#outbox = new OutboxView(byId('outbox', HTMLElement), texts, {
      retry: (id) => this.client.retry(id),
      discard: (id) => this.client.discard(id),
    });
    this.#scroll = new Scroll(byId('scroll', HTMLElement), {
      onTop: () => this.client.loadOlder(),
      onEnd: () => this.#seen(),
    });
    this.#status = new StatusView(texts, {
      onContinue: (reason) => this.#continue(reason),
      onStartNew: () => this.#startNew(),
    });
    this.#composer = new Composer(texts, {
      onSubmit: (text) => this.#send(text, null),
      onKey: () => this.client.keyPressed(),
    });
    this.client = new ChatClient(options, deps, this);
    this.#label();
    this.#listen();
  }

  /** The frame around the page was opened or closed. */
  setShown(shown: boolean): void {
    this.#shown = shown;
    this.#seen();
    if (!shown) return;
    this.client.wake();
    this.#composer.focus();
  }

  onState(): void {
    const { client } = this;
    this.#status.show({
      state: client.state,
      closedReason: client.closedReason,
      ended: client.ended,
      human: client.toType === 'human',
      networkUp: navigator.onLine,
    });
    this.#composer.hidden = client.ended || client.closedReason !== null;
    this.#composer.most = client.textCharacters;
    this.#end.hidden = client.ended || client.state !== 'open';
    this.#drawLater();
  }

  onMessages(added: readonly ChatMessage[]): void {
    if (!this.#visible || !this.#scroll.atEnd) {
      const { readSeq } = this.client;
      this.#unread += added.filter(({ author, seq }) => author !== 'user' && seq > readSeq).length;
      this.#tellUnread();
    }
    this.#drawLater();
  }

  onOlder(added: readonly ChatMessage[]): void {
    if (added.length > 0)
      this.#scroll.keepPlace(() => this.#log.drawAll(this.client.messages, this.client.othersMarks));
    this.#drawLater();
  }

  onReset(): void {
    this.#unread = 0;
    this.#tellUnread();
    this.#log.drawAll(this.client.messages, this.client.othersMarks);
    this.#drawLater();
  }

  onOutbox(): void {
    this.#drawLater();
  }

  onTyping(): void {
    this.#drawLater();
  }

  onMarks(): void {
    this.#log.setMarks(this.client.othersMarks);
    if (this.#unread === 0 || this.client.readSeq < (this.client.messages.at(-1)?.seq ?? 0)) return;
    this.#unread = 0;
    this.#tellUnread();
  }

  get #visible(): boolean {
    return this.#shown && document.visibilityState === 'visible';
  }

  /** Everything that changed, once a frame; in a hidden page frames rest, so that nothing is drawn for nobody. */
  #drawLater(): void {
    if (this.#frame) return;
    this.#frame = true;
    requestAnimationFrame(() => {
      this.#frame = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { client } = this;
    this.#log.update(client.messages, client.othersMarks);
    this.#outbox.draw(client.outbox);
    this.#earlier.hidden = !client.hasOlder || client.state !== 'open';
    this.#drawReplies();
    this.#drawTyping();
    this.#composer.warning =
      client.outbox.length > 0 && client.state !== 'open' && !client.persistent ? this.#texts.notKept : '';
    this.#scroll.follow();
    this.#seen();
  }

  #drawReplies(): void {
    const { client } = this;
    const silent = client.ended || client.state === 'closed' || client.outbox.length > 0;
    const replies = silent ? [] : this.#log.replies;
    const look = JSON.stringify(replies);
    if (this.#replies.dataset['look'] === look) return;
    const hadFocus = this.#replies.contains(document.activeElement);
    this.#replies.dataset['look'] = look;
    this.#replies.replaceChildren(
      ...replies.map((reply) => button('reply', reply.title, () => this.#reply(reply))),
    );
    this.#replies.hidden = replies.length === 0;
    if (hadFocus) this.#composer.focus();
  }

  #drawTyping(): void {
    const [typist] = this.client.typists;
    const name = typist === undefined ? '' : (typist.name ?? this.#texts[nameKey(typist.author)]);
    if (name === this.#typedShown) return;
    this.#typedShown = name;
    this.#typing.hidden = name === '';
    const dots = make('span', 'dots', make('i', ''), make('i', ''), make('i', ''));
    this.#typing.replaceChildren(dots, make('span', '', fill(this.#texts.typing, { name })));
  }

  /** What is in sight has been read. */
  #seen(): void {
    const atEnd = this.#scroll.atEnd;
    if (atEnd && this.#visible) {
      this.#unread = 0;
      this.client.markRead(this.client.messages.at(-1)?.seq ?? 0);
      this.#tellUnread();
    }
    this.#jump.hidden = atEnd;
    const text = this.#unread > 0 ? fill(this.#texts.newMessages, { n: this.#unread }) : this.#texts.toNewest;
    if (this.#jump.textContent !== text) this.#jump.textContent = text;
    this.#jump.classList.toggle('new', this.#unread > 0);
  }

  #tellUnread(): void {
    const title = byId('title', HTMLElement).textContent;
    document.title = this.#unread > 0 ? `(${this.#unread}) ${title}` : title;
    this.#deps.embed?.unread(this.#unread);
  }

  #send(text: string, value: string | null): boolean {
    const outcome = this.client.send(text, value);
    if (outcome === 'full') this.#composer.warn(this.#texts.outboxFull);
    if (outcome === 'queued') this.#scroll.toEnd();
    return outcome === 'queued';
  }

  #reply(reply: QuickReplyBody): void {
    this.#send(reply.title, reply.value);
  }

  #continue(reason: ClosedReason): void {
    if (reason === 'old-version') location.reload();
    else if (reason === 'taken-over') this.client.takeBack(this.#deps.newDevice());
    else if (reason === 'unknown-session') this.#startNew();
    else this.client.start();
    this.#composer.focus();
  }

  #startNew(): void {
    this.client.startNew();
    this.#scroll.toEnd();
    this.#composer.focus();
  }

  #label(): void {
    const texts = this.#texts;
    byId('scroll', HTMLElement).setAttribute('aria-label', texts.conversation);
    byId('log', HTMLElement).setAttribute('aria-label', texts.conversation);
    this.#replies.setAttribute('aria-label', texts.suggestions);
    this.#earlier.textContent = texts.earlier;
    this.#end.textContent = texts.end;
    byId('end-question', HTMLElement).textContent = texts.endQuestion;
    byId('end-confirm', HTMLButtonElement).textContent = texts.endConfirm;
    byId('end-cancel', HTMLButtonElement).textContent = texts.cancel;
    const close = byId('close', HTMLButtonElement);
    close.append(make('span', 'hidden', texts.closeChat));
    close.title = texts.closeChat;
    close.hidden = this.#deps.embed === null;
  }

  #listen(): void {
    const dialog = byId('end-dialog', HTMLDialogElement);
    this.#earlier.addEventListener('click', () => this.client.loadOlder());
    this.#jump.addEventListener('click', () => {
      this.#scroll.toEnd();
      this.#composer.focus();
    });
    this.#end.addEventListener('click', () => dialog.showModal());
    dialog.addEventListener('close', () => {
      if (dialog.returnValue === 'end') this.client.end();
      dialog.returnValue = '';
    });
    byId('close', HTMLButtonElement).addEventListener('click', () => this.#deps.embed?.close());
    addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.isComposing && !dialog.open) this.#deps.embed?.close();
    });
    document.addEventListener('visibilitychange', () => this.#seen());
    for (const name of ['online', 'offline']) addEventListener(name, () => this.onState());
  }
}

function nameKey(author: ChatMessage['author']): 'you' | 'bot' | 'agent' | 'system' {
  return author === 'user' ? 'you' : author;
}

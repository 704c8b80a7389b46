import type { ChatMessage, Marks, QuickReplyBody } from '../../gateway/websocket/protocol.js';
import { make } from './dom.js';
import { drawMessage, setTick } from './message-view.js';
import type { MessageViewDeps, Tick } from './message-view.js';
import type { Texts } from './texts.js';

/** Messages of one author within this stand together under one name. */
const groupMs = 5 * 60_000;

/** The messages as rows, with a line where a new day begins. Rows are only added, unless all are drawn again. */
export class LogView {
  readonly #list: HTMLElement;
  readonly #deps: MessageViewDeps;
  readonly #texts: Texts;
  #last: ChatMessage | null = null;
  /** The newest message of the bot or an agent: what stands before it was read, also where nobody sent a mark. */
  #answeredSeq = 0;
  #own: { readonly seq: number; readonly element: HTMLElement; tick: Tick }[] = [];

  constructor(list: HTMLElement, deps: MessageViewDeps) {
    this.#list = list;
    this.#deps = deps;
    this.#texts = deps.texts;
  }

  /** Draws all again, silently for screen readers. */
  drawAll(messages: readonly ChatMessage[], marks: Marks): void {
    this.#list.setAttribute('aria-busy', 'true');
    this.#list.replaceChildren();
    this.#last = null;
    this.#answeredSeq = 0;
    this.#own = [];
    this.#append(messages, marks);
    requestAnimationFrame(() => this.#list.removeAttribute('aria-busy'));
  }

  /** Adds what is new in `messages`, an unbroken run, and removes what is not held any more. */
  update(messages: readonly ChatMessage[], marks: Marks): void {
    const [first] = messages;
    if (first === undefined) return;
    const lastSeq = this.#last?.seq ?? 0;
    if (lastSeq < first.seq) {
      this.drawAll(messages, marks);
      return;
    }
    const added = messages.slice(lastSeq + 1 - first.seq);
    if (added.length === 0) return;
    this.#append(added, marks);
    this.#trim(first.seq);
  }

  #append(messages: readonly ChatMessage[], marks: Marks): void {
    const rows = document.createDocumentFragment();
    for (const message of messages) this.#draw(message, rows);
    this.#list.append(rows);
    this.setMarks(marks);
  }

  #trim(firstSeq: number): void {
    let row = this.#list.firstElementChild;
    while (row !== null && seqOf(row) < firstSeq) {
      const next = row.nextElementSibling;
      if (seqOf(row) === noSeq && next !== null && seqOf(next) >= firstSeq) break;
      row.remove();
      row = next;
    }
    while (this.#own[0] !== undefined && this.#own[0].seq < firstSeq) this.#own.shift();
  }

  /** From the newest back to the first whose tick is right already. */
  setMarks({ delivered, read }: Marks): void {
    const seen = Math.max(read, this.#answeredSeq);
    for (let at = this.#own.length - 1; at >= 0; at--) {
      const row = this.#own[at];
      if (row === undefined) return;
      const tick = row.seq <= seen ? 'read' : row.seq <= delivered ? 'delivered' : 'sent';
      if (row.tick === tick && tick === 'read') return;
      row.tick = tick;
      setTick(row.element, tick, this.#texts);
    }
  }

  /** Quick replies of the newest message; only these can still be pressed. */
  get replies(): readonly QuickReplyBody[] {
    const body = this.#last?.body;
    return body?.type === 'text' ? (body.quickReplies ?? []) : [];
  }

  #draw(message: ChatMessage, rows: DocumentFragment): void {
    const { times } = this.#deps;
    const before = this.#last;
    if (before === null || times.dayKey(before.at) !== times.dayKey(message.at)) {
      rows.append(make('div', 'day', make('span', '', times.dayLabel(message.at))));
    }
    const grouped =
      before !== null &&
      before.body.type === 'text' &&
      before.author === message.author &&
      before.name === message.name &&
      message.at - before.at < groupMs;
    const element = drawMessage(message, grouped, this.#deps);
    rows.append(element);
    if (message.author === 'user') this.#own.push({ seq: message.seq, element, tick: 'sent' });
    if (message.author === 'user') setTick(element, 'sent', this.#texts);
    if (message.author === 'bot' || message.author === 'agent') this.#answeredSeq = message.seq;
    this.#last = message;
  }
}

/** Of a line that is no message: where a new day begins. */
const noSeq = -1;

function seqOf(row: Element): number {
  return row instanceof HTMLElement ? Number(row.dataset['seq'] ?? noSeq) : noSeq;
}

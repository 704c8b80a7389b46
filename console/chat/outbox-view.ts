import type { OutboxEntry } from '../client/outbox.js';
import { button, make } from './dom.js';
import { drawLinkedText } from './message-view.js';
import type { Texts } from './texts.js';

export interface OutboxViewActions {
  retry(id: string): void;
  discard(id: string): void;
}

/** Own messages that have not come back with their number, below the others; rows that did not change stay. */
export class OutboxView {
  readonly #list: HTMLElement;
  readonly #texts: Texts;
  readonly #actions: OutboxViewActions;
  #rows = new Map<string, { readonly look: string; readonly element: HTMLElement }>();

  constructor(list: HTMLElement, texts: Texts, actions: OutboxViewActions) {
    this.#list = list;
    this.#texts = texts;
    this.#actions = actions;
  }

  draw(entries: readonly OutboxEntry[]): void {
    const rows = new Map<string, { readonly look: string; readonly element: HTMLElement }>();
    for (const entry of entries) {
      const look = `${entry.state} ${entry.failure ?? ''}`;
      const known = this.#rows.get(entry.id);
      rows.set(entry.id, known?.look === look ? known : { look, element: this.#drawRow(entry) });
    }
    const elements = [...rows.values()].map(({ element }) => element);
    const same =
      elements.length === this.#rows.size && elements.every((one, at) => this.#list.children[at] === one);
    if (!same) this.#list.replaceChildren(...elements);
    this.#rows = rows;
  }

  #drawRow(entry: OutboxEntry): HTMLElement {
    const bubble = make('div', 'bubble', drawLinkedText(entry.text, this.#texts));
    const row = make('div', 'message own pending', make('span', 'hidden', `${this.#texts.you}: `), bubble);
    if (entry.failure === null) {
      const tick = entry.state === 'acknowledged' ? 'sent' : 'sending';
      const ticks = make('span', 'ticks');
      ticks.dataset['tick'] = tick;
      ticks.setAttribute('role', 'img');
      ticks.setAttribute('aria-label', this.#texts[tick]);
      row.append(make('span', 'meta', ticks));
      return row;
    }
    row.classList.add('failed');
    const why = make('span', 'why', this.#texts.failures[entry.failure]);
    why.setAttribute('role', 'alert');
    row.append(
      make(
        'div',
        'meta',
        why,
        button('small', this.#texts.retry, () => this.#actions.retry(entry.id)),
        button('small', this.#texts.discard, () => this.#actions.discard(entry.id)),
      ),
    );
    return row;
  }
}

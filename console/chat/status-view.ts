import type { ClientState, ClosedReason } from '../client/chat-state.js';
import { byId } from './dom.js';
import type { Texts } from './texts.js';

export interface Status {
  readonly state: ClientState;
  readonly closedReason: ClosedReason | null;
  readonly ended: boolean;
  readonly human: boolean;
  readonly networkUp: boolean;
}

export interface StatusActions {
  /** The button beside why the chat is closed. */
  onContinue(reason: ClosedReason): void;
  onStartNew(): void;
}

/** A connection that is back within this is not worth a word. */
const patienceMs = 1_000;

/** One line about the connection, and a panel where the person has to decide something. */
export class StatusView {
  readonly #line = byId('status', HTMLElement);
  readonly #panel = byId('panel', HTMLElement);
  readonly #panelText = byId('panel-text', HTMLElement);
  readonly #panelButton = byId('panel-button', HTMLButtonElement);
  readonly #texts: Texts;
  #wasOpen = false;
  #timer: number | null = null;
  #action: () => void = () => this.#actions.onStartNew();
  readonly #actions: StatusActions;

  constructor(texts: Texts, actions: StatusActions) {
    this.#texts = texts;
    this.#actions = actions;
    this.#panelButton.addEventListener('click', () => this.#action());
  }

  show(status: Status): void {
    this.#showPanel(status);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    document.body.dataset['connection'] = status.state;
    if (status.state === 'open') {
      this.#wasOpen = true;
      this.#write(status.human ? this.#texts.human : this.#texts.online);
    } else if (status.state === 'closed') this.#write('');
    else if (!status.networkUp) this.#write(this.#texts.offline);
    else if (!this.#wasOpen) this.#write(this.#texts.connecting);
    else this.#timer = setTimeout(() => this.#write(this.#texts.reconnecting), patienceMs);
  }

  #write(text: string): void {
    if (this.#line.textContent !== text) this.#line.textContent = text;
  }

  #showPanel({ closedReason, ended }: Status): void {
    if (closedReason !== null) {
      const { text, button } = this.#texts.closed[closedReason];
      this.#open(text, button, () => this.#actions.onContinue(closedReason));
    } else if (ended) this.#open(this.#texts.ended, this.#texts.startNew, () => this.#actions.onStartNew());
    else this.#panel.hidden = true;
  }

  #open(text: string, button: string, action: () => void): void {
    this.#action = action;
    this.#panel.hidden = false;
    if (this.#panelText.textContent !== text) this.#panelText.textContent = text;
    this.#panelButton.textContent = button;
  }
}

import { byId, make } from './dom.js';
import { fill } from './texts.js';
import type { Texts } from './texts.js';

export interface ComposerListener {
  /** False: the text stays where it is. */
  onSubmit(text: string): boolean;
  onKey(): void;
}

/** Characters left from which on they are shown. */
const warnAt = 200;

/** Where the person writes: Enter sends, Shift+Enter is a new line, and Enter that ends an input method's word is neither. */
export class Composer {
  readonly #form = byId('composer', HTMLFormElement);
  readonly #text = byId('text', HTMLTextAreaElement);
  readonly #hint = byId('hint', HTMLElement);
  readonly #texts: Texts;
  readonly #listener: ComposerListener;
  #warning = '';
  #remark = '';

  constructor(texts: Texts, listener: ComposerListener) {
    this.#texts = texts;
    this.#listener = listener;
    byId('text-label', HTMLLabelElement).textContent = texts.message;
    this.#text.placeholder = texts.placeholder;
    const send = byId('send', HTMLButtonElement);
    send.append(make('span', 'hidden', texts.send));
    send.title = texts.send;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener('keydown', (event) => this.#onKeydown(event));
    this.#text.addEventListener('input', () => this.#onInput());
    this.#fit();
  }

  set hidden(hidden: boolean) {
    this.#form.hidden = hidden;
  }

  set most(characters: number) {
    this.#text.maxLength = characters;
  }

  /** Said below the field and by screen readers as long as it is so; empty: nothing. */
  set warning(text: string) {
    this.#warning = text;
    this.#showHint();
  }

  /** Said until the next key. */
  warn(text: string): void {
    this.#remark = text;
    this.#showHint();
  }

  focus(): void {
    this.#text.focus();
  }

  /** `keyCode` 229 is how browsers that end the composition before the key say that it belonged to it (UI Events 5.4.1). */
  #onKeydown(event: KeyboardEvent): void {
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== 'Enter' || event.shiftKey || composing) return;
    event.preventDefault();
    this.#submit();
  }

  #submit(): void {
    const text = this.#text.value.trim();
    if (text === '' || !this.#listener.onSubmit(text)) return;
    this.#text.value = '';
    this.#fit();
    this.warn('');
  }

  #onInput(): void {
    this.#fit();
    const left = this.#text.maxLength - this.#text.value.length;
    this.warn(left <= warnAt ? fill(this.#texts.charactersLeft, { n: left }) : '');
    if (this.#text.value !== '') this.#listener.onKey();
  }

  #showHint(): void {
    const text = this.#remark === '' ? this.#warning : this.#remark;
    if (this.#hint.textContent !== text) this.#hint.textContent = text;
  }

  /** As high as its text; style sheets bound it. */
  #fit(): void {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight + 2}px`;
  }
}

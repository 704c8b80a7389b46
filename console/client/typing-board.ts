import type { Author } from '../../gateway/websocket/protocol.js';
import { clientLimits } from './limits.js';
import type { ClientClock, ClientTimer } from './ports.js';

export interface Typist {
  readonly author: Author;
  readonly name: string | null;
}

/** Who else is typing now; an entry ends by itself, since the frame that ends it may be lost. */
export class TypingBoard {
  readonly #clock: ClientClock;
  readonly #onChanged: () => void;
  readonly #typists = new Map<string, Typist & { readonly timer: ClientTimer }>();

  constructor(clock: ClientClock, onChanged: () => void) {
    this.#clock = clock;
    this.#onChanged = onChanged;
  }

  get typists(): readonly Typist[] {
    return [...this.#typists.values()];
  }

  set(author: Author, name: string | null, on: boolean): void {
    const key = `${author} ${name ?? ''}`;
    const known = this.#typists.get(key);
    known?.timer.cancel();
    if (!on) {
      if (this.#typists.delete(key)) this.#onChanged();
      return;
    }
    if (known === undefined && this.#typists.size >= clientLimits.typists) return;
    const timer = this.#clock.setTimer(() => this.set(author, name, false), clientLimits.typingShownMs);
    this.#typists.set(key, { author, name, timer });
    if (known === undefined) this.#onChanged();
  }

  clear(): void {
    if (this.#typists.size === 0) return;
    for (const { timer } of this.#typists.values()) timer.cancel();
    this.#typists.clear();
    this.#onChanged();
  }
}

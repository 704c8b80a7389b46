import type { TokenNeed } from '../client/ports.js';
import { isRecord } from '../client/safe-storage.js';
import type { FromFrame } from './embed-protocol.js';

export interface EmbedListener {
  onShown(open: boolean): void;
}

interface TokenQuestion {
  readonly id: number;
  readonly need: TokenNeed;
  readonly answer: (token: string | null) => void;
}

/**
 * The frame's side of `FromFrame` and `ToFrame`.
 *
 * Hears only the window around it, and only when that is a page of an allowed origin; speaks only to that origin, and
 * only once the window has spoken.
 */
export class Embed {
  readonly #host: Window;
  readonly #origins: ReadonlySet<string>;
  readonly #listener: EmbedListener;
  #origin: string | null = null;
  #question: TokenQuestion | null = null;
  #questions = 0;

  constructor(host: Window, origins: readonly string[], listener: EmbedListener) {
    this.#host = host;
    this.#origins = new Set(origins);
    this.#listener = listener;
    addEventListener('message', (event: MessageEvent<unknown>) => this.#onMessage(event));
  }

  close(): void {
    this.#say({ parley: 'close' });
  }

  unread(count: number): void {
    this.#say({ parley: 'unread', count });
  }

  /** Asks the site's token function. Null: its user is not logged in. The question before, if it waits, is given up. */
  askToken(need: TokenNeed): Promise<string | null> {
    return new Promise((answer) => {
      this.#question = { id: ++this.#questions, need, answer };
      this.#ask();
    });
  }

  #ask(): void {
    if (this.#question === null) return;
    const { id, need } = this.#question;
    this.#say({ parley: 'token', id, need });
  }

  #say(message: FromFrame): void {
    if (this.#origin !== null) this.#host.postMessage(message, this.#origin);
  }

  #onMessage({ data, origin, source }: MessageEvent<unknown>): void {
    if (source !== this.#host || !this.#origins.has(origin) || !isRecord(data)) return;
    if (data['parley'] === 'shown') this.#onShown(origin, data['open'] === true);
    else if (data['parley'] === 'token' && data['id'] === this.#question?.id) {
      const { token } = data;
      this.#question?.answer(typeof token === 'string' ? token : null);
      this.#question = null;
    }
  }

  #onShown(origin: string, open: boolean): void {
    const first = this.#origin === null;
    this.#origin = origin;
    if (first) this.#ask();
    this.#listener.onShown(open);
  }
}

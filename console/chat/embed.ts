import type { TokenNeed } from '../client/ports.js';
import { isRecord } from '../client/safe-storage.js';
import type { FromFrame } from './embed-protocol.js';

export interface EmbedListener {
  onShown(open: boolean): void;
}

/** Questions for a token that wait for the site's answer. */
const tokenQuestions = 16;

/**
 * The frame's side of `FromFrame` and `ToFrame`.
 *
 * Hears only the window around it, and only when that is a page of an allowed origin; speaks only to that origin. What
 * is said before the window has spoken waits for it.
 */
export class Embed {
  readonly #host: Window;
  readonly #origins: ReadonlySet<string>;
  readonly #listener: EmbedListener;
  readonly #tokens = new Map<number, (token: string | null) => void>();
  #waiting: FromFrame[] = [];
  #origin: string | null = null;
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

  /** Asks the site's token function. Null: its user is not logged in. */
  askToken(need: TokenNeed): Promise<string | null> {
    return new Promise((resolve) => {
      const id = ++this.#questions;
      this.#tokens.set(id, resolve);
      this.#tokens.delete(id - tokenQuestions);
      this.#say({ parley: 'token', id, need });
    });
  }

  #say(message: FromFrame): void {
    if (this.#origin !== null) this.#host.postMessage(message, this.#origin);
    else if (this.#waiting.length < tokenQuestions) this.#waiting.push(message);
  }

  #onMessage({ data, origin, source }: MessageEvent<unknown>): void {
    if (source !== this.#host || !this.#origins.has(origin) || !isRecord(data)) return;
    if (data['parley'] === 'shown') this.#onShown(origin, data['open'] === true);
    else if (data['parley'] === 'token' && typeof data['id'] === 'number') {
      const { id, token } = data;
      this.#tokens.get(id)?.(typeof token === 'string' ? token : null);
      this.#tokens.delete(id);
    }
  }

  #onShown(origin: string, open: boolean): void {
    this.#origin = origin;
    for (const message of this.#waiting.splice(0)) this.#say(message);
    this.#listener.onShown(open);
  }
}

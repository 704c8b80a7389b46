import type { FakeClock } from '../../config/clock.js';
import type { KeyValueStore, OpenSocket, SocketListener } from '../client/ports.js';
import type { ScriptedChat } from './scripted-chat.js';

const latencyMs = 10;

/** Sockets between `ChatClient` and `ScriptedChat` in one process; what is under way takes ten milliseconds of fake time. */
export class FakeNetwork {
  /** New connections fail. */
  down = false;
  /** When sockets were asked for. */
  readonly attemptsMs: number[] = [];
  readonly #clock: FakeClock;
  readonly #chat: ScriptedChat;

  constructor(clock: FakeClock, chat: ScriptedChat) {
    this.#clock = clock;
    this.#chat = chat;
  }

  readonly open: OpenSocket = (_url, listener) => {
    this.attemptsMs.push(this.#clock.nowMs());
    return this.#connect(listener);
  };

  #connect(listener: SocketListener): { send(text: string): void; close(): void } {
    let closed = false;
    const later = (action: () => void): void => {
      this.#clock.setTimer(() => {
        if (!closed) action();
      }, latencyMs);
    };
    const end = (code: number): void =>
      later(() => {
        closed = true;
        listener.onClosed(code);
      });
    if (this.down) {
      end(1006);
      return { send: () => undefined, close: () => (closed = true) };
    }
    const server = this.#chat.connect({
      send: (frame) => later(() => listener.onText(JSON.stringify(frame))),
      close: end,
    });
    later(() => listener.onOpen());
    return {
      send: (text) => later(() => server.onText(text)),
      close: () => {
        closed = true;
        server.onClosed();
      },
    };
  }
}

/** Storage that can be full or forbidden. */
export class FakeStore implements KeyValueStore {
  readonly texts = new Map<string, string>();
  mode: 'works' | 'full' | 'forbidden' = 'works';

  keys(): readonly string[] {
    this.#check();
    return [...this.texts.keys()];
  }

  get(key: string): string | null {
    this.#check();
    return this.texts.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.#check();
    if (this.mode === 'full') throw new Error('QuotaExceededError');
    this.texts.set(key, value);
  }

  remove(key: string): void {
    this.#check();
    this.texts.delete(key);
  }

  #check(): void {
    if (this.mode === 'forbidden') throw new Error('SecurityError');
  }
}

import { clientLimits } from './limits.js';
import type { ClientClock, ClientTimer } from './ports.js';
import { parseRecord } from './safe-storage.js';
import type { SafeStorage } from './safe-storage.js';

const key = 'parley.session';

/** Which session was shown last and how far it was, so that a page loaded again or a second tab goes on there. */
export class SessionMemory {
  readonly #storage: SafeStorage;
  readonly #clock: ClientClock;
  #session: string | null;
  #seq: number;
  #timer: ClientTimer | null = null;

  constructor(storage: SafeStorage, clock: ClientClock) {
    this.#storage = storage;
    this.#clock = clock;
    const stored = parseRecord(storage.get(key));
    this.#session = typeof stored?.['session'] === 'string' ? stored['session'] : null;
    this.#seq = typeof stored?.['seq'] === 'number' ? stored['seq'] : 0;
  }

  get session(): string | null {
    return this.#session;
  }

  /** A number from which on the newest messages of the session are some, but not too many. */
  get since(): number {
    return Math.max(0, Math.floor(this.#seq) - clientLimits.reloadMessages);
  }

  /** Written a little later, so that a burst of messages is one write. */
  remember(session: string, seq: number): void {
    this.#session = session;
    this.#seq = seq;
    this.#timer ??= this.#clock.setTimer(() => this.flush(), clientLimits.rememberMs);
  }

  forget(): void {
    this.#cancel();
    this.#session = null;
    this.#seq = 0;
    this.#storage.remove(key);
  }

  flush(): void {
    this.#cancel();
    if (this.#session === null) return;
    this.#storage.set(key, JSON.stringify({ session: this.#session, seq: this.#seq }));
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

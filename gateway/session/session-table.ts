import { gatewayLimits } from '../../config/limits.js';

/** What kind of session a row is: `call` a plain SIP call, `mrcp` one MRCP dialog, `media` an audio socket. */
export type SessionKind = 'call' | 'mrcp' | 'media';

/** One live session as operators see it. */
export interface SessionEntry {
  readonly id: string;
  readonly kind: SessionKind;
  readonly callId: string;
  readonly remote: string;
  readonly startedAtMs: number;
  /** Ends it from outside (drain, API); idempotent. */
  end(): void;
}

/** Every live session of this node, bounded; a session is in the table exactly while it holds resources. */
export class SessionTable {
  readonly #sessions = new Map<string, SessionEntry>();
  readonly #maxSessions: number;
  #draining = false;
  readonly #emptied: (() => void)[] = [];

  constructor(maxSessions: number = gatewayLimits.sessions) {
    this.#maxSessions = maxSessions;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** True while one more session may start. */
  get admits(): boolean {
    return !this.#draining && this.#sessions.size < this.#maxSessions;
  }

  count(kind: SessionKind): number {
    let count = 0;
    for (const session of this.#sessions.values()) if (session.kind === kind) count++;
    return count;
  }

  add(session: SessionEntry): void {
    this.#sessions.set(session.id, session);
  }

  remove(id: string): void {
    this.#sessions.delete(id);
    if (this.#sessions.size > 0) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }

  list(): readonly SessionEntry[] {
    return [...this.#sessions.values()];
  }

  /** Refuses new sessions from now on; resolves when the last one is gone. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied.push(resolve);
    });
  }

  /** Ends every session that is still there. */
  endAll(): void {
    for (const session of this.list()) session.end();
  }
}

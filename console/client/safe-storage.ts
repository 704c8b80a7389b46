import type { KeyValueStore } from './ports.js';

/**
 * Storage that does not throw: what cannot be kept is held in memory, and `persistent` says so.
 *
 * Browsers forbid storage in some private windows and frames, and it can be full.
 */
export class SafeStorage {
  readonly #store: KeyValueStore;
  readonly #memory = new Map<string, string>();
  #persistent = true;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  /** False after a call failed: what is written is lost when the page closes. */
  get persistent(): boolean {
    return this.#persistent;
  }

  keys(prefix: string): readonly string[] {
    const stored = this.#try(() => this.#store.keys(), []);
    return [...new Set([...stored, ...this.#memory.keys()])].filter((key) => key.startsWith(prefix));
  }

  get(key: string): string | null {
    return this.#memory.get(key) ?? this.#try(() => this.#store.get(key), null);
  }

  set(key: string, value: string): void {
    const kept = this.#try(() => {
      this.#store.set(key, value);
      return true;
    }, false);
    if (kept) {
      this.#memory.delete(key);
      this.#persistent = true;
    } else this.#memory.set(key, value);
  }

  remove(key: string): void {
    this.#memory.delete(key);
    this.#try(() => this.#store.remove(key), undefined);
  }

  #try<Result>(call: () => Result, otherwise: Result): Result {
    try {
      return call();
    } catch {
      this.#persistent = false;
      return otherwise;
    }
  }
}

/** The object in a stored text; null for anything else, since others may write under our keys. */
export function parseRecord(text: string | null): Readonly<Record<string, unknown>> | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

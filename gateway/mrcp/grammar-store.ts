import type { Grammar } from '../../media/speech/grammar/grammar.js';

const sessionScheme = 'session:';

/** A Content-ID without the angle brackets that RFC 2392 puts around it. */
function bareContentId(contentId: string): string {
  const trimmed = contentId.trim();
  return trimmed.startsWith('<') && trimmed.endsWith('>') ? trimmed.slice(1, -1) : trimmed;
}

/** `session:<Content-ID>`, the name later requests refer to (RFC 6787 9.5.1, 13.6). */
export function sessionUri(contentId: string): string {
  return `${sessionScheme}${bareContentId(contentId)}`;
}

/** The grammars a client has defined in its session, by Content-ID (RFC 6787 9.8); at most `bound` of them. */
export class GrammarStore {
  readonly #grammars = new Map<string, readonly Grammar[]>();
  readonly #bound: number;

  constructor(bound: number) {
    this.#bound = bound;
  }

  get size(): number {
    return this.#grammars.size;
  }

  /** Defines or replaces; false when a new one would pass the bound. */
  define(uri: string, grammars: readonly Grammar[]): boolean {
    if (!this.#grammars.has(uri) && this.#grammars.size >= this.#bound) return false;
    this.#grammars.set(uri, grammars);
    return true;
  }

  free(uri: string): void {
    this.#grammars.delete(uri);
  }

  lookup(uri: string): readonly Grammar[] | null {
    return this.#grammars.get(uri) ?? null;
  }

  /**
   * Defines what the parts of a multipart body were called by their own Content-IDs; false when the bound is passed.
   *
   * `bodyUri` is the name of the whole body, which parts without a Content-ID share. A part may appear again through a
   * list that refers to it, and a list may name one rule (`session:x#rule`): neither is a definition.
   */
  defineParts(grammars: readonly Grammar[], bodyUri: string): boolean {
    const parts = new Map<string, Grammar>();
    for (const grammar of grammars) {
      const { uri } = grammar;
      if (!uri.startsWith(sessionScheme) || uri.includes('#') || uri === bodyUri) continue;
      if (!parts.has(uri)) parts.set(uri, grammar);
    }
    return [...parts].every(([uri, grammar]) => this.define(uri, [grammar]));
  }

  clear(): void {
    this.#grammars.clear();
  }
}

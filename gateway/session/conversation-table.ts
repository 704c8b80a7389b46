import type { Clock, Timer } from '../../config/clock.js';
import { gatewayLimits } from '../../config/limits.js';
import type { BotTurn, Conversation } from './conversation.js';

/** A conversation that outlives the protocol dialogs it is held over, with what it last listened for. */
export interface KeptConversation {
  readonly key: string;
  readonly conversation: Conversation;
  /** The turn the bot spoke last; null before the first. */
  lastTurn: BotTurn | null;
}

/**
 * Conversations by the platform's own key, because a platform may open one MRCP dialog per recognition.
 *
 * Bounded in number; one that nobody used for `idleMs` is closed and forgotten.
 */
export class ConversationTable {
  readonly #rows = new Map<string, { kept: KeptConversation; users: number; expiry: Timer | null }>();
  readonly #clock: Clock;
  readonly #idleMs: number;

  constructor(clock: Clock, idleMs: number) {
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Takes the conversation of `key`, made by `create` when there is none; null when the table is full. Pair with `release`. */
  acquire(key: string, create: () => Conversation): KeptConversation | null {
    let row = this.#rows.get(key);
    if (!row) {
      if (this.#rows.size >= gatewayLimits.sessions) return null;
      row = { kept: { key, conversation: create(), lastTurn: null }, users: 0, expiry: null };
      this.#rows.set(key, row);
    }
    row.expiry?.cancel();
    row.expiry = null;
    row.users++;
    return row.kept;
  }

  /**
   * Gives it back; `ended` forgets it as soon as nobody else uses it, otherwise it waits for the next dialog.
   *
   * One that was restarted meanwhile is gone already, and its successor under the key stays as it is.
   */
  release(kept: KeptConversation, ended: boolean): void {
    const { key } = kept;
    const row = this.#rows.get(key);
    if (row?.kept !== kept) return;
    row.users = Math.max(0, row.users - 1);
    if (row.users > 0) return;
    if (ended) this.#forget(key);
    else row.expiry ??= this.#clock.setTimer(() => this.#forget(key), this.#idleMs);
  }

  /** Forgets a conversation that reached its end, so that its key starts a new one. */
  restart(key: string): void {
    this.#forget(key);
  }

  close(): void {
    for (const key of [...this.#rows.keys()]) this.#forget(key);
  }

  #forget(key: string): void {
    const row = this.#rows.get(key);
    if (!row) return;
    row.expiry?.cancel();
    row.kept.conversation.close();
    this.#rows.delete(key);
  }
}

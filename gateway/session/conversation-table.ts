import type { Clock, Timer } from '../../config/clock.js';
import { gatewayLimits } from '../../config/limits.js';
import type { TreeLease } from '../trees/tree-shelf.js';
import type { BotTurn, Conversation } from './conversation.js';

/** A conversation with the tree version that it stays on to its end. */
export interface OpenedConversation {
  readonly conversation: Conversation;
  readonly lease: TreeLease;
  /** The turn the bot spoke last; null before the first. */
  readonly lastTurn: BotTurn | null;
}

/** A conversation that outlives the protocol dialogs it is held over, with what it last listened for. */
export interface KeptConversation {
  readonly key: string;
  readonly conversation: Conversation;
  readonly lease: TreeLease;
  /** The turn the bot spoke last; null before the first. */
  lastTurn: BotTurn | null;
}

interface Row {
  readonly kept: KeptConversation;
  users: number;
  /** Runs while nobody uses it. */
  expiry: Timer | null;
}

/**
 * Conversations by the platform's own key, because a platform may open one MRCP dialog per recognition.
 *
 * Bounded in number: when the table is full, the one that has been idle for longest makes room. One that nobody used
 * for `idleMs` is closed and forgotten.
 */
export class ConversationTable {
  /** Idle ones in the order in which they were given back. */
  readonly #rows = new Map<string, Row>();
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #maximum: number;
  readonly #onForgotten: (key: string) => void;

  /** `onForgotten` is told of every conversation that ended, expired or made room; not of those that `close` closes. */
  constructor(
    clock: Clock,
    idleMs: number,
    maximum: number = gatewayLimits.sessions,
    onForgotten: (key: string) => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#maximum = maximum;
    this.#onForgotten = onForgotten;
  }

  get size(): number {
    return this.#rows.size;
  }

  has(key: string): boolean {
    return this.#rows.has(key);
  }

  /**
   * Takes the conversation of `key`, made by `create` when there is none; null when the table is full of those in use.
   * Pair with `release`.
   */
  acquire(key: string, create: () => OpenedConversation): KeptConversation | null {
    let row = this.#rows.get(key);
    if (!row) {
      if (this.#rows.size >= this.#maximum && !this.#forgetIdle()) return null;
      row = { kept: { key, ...create() }, users: 0, expiry: null };
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
   * One whose key was restarted meanwhile is gone already: giving it back does not touch its successor.
   */
  release(kept: KeptConversation, ended: boolean): void {
    const row = this.#rows.get(kept.key);
    if (row?.kept !== kept) return;
    row.users = Math.max(0, row.users - 1);
    if (row.users > 0) return;
    if (ended) {
      this.#forget(kept.key);
      return;
    }
    row.expiry ??= this.#clock.setTimer(() => this.#forget(kept.key), this.#idleMs);
    this.#rows.delete(kept.key);
    this.#rows.set(kept.key, row);
  }

  /** Forgets a conversation that reached its end, so that its key starts a new one. */
  restart(key: string): void {
    this.#forget(key);
  }

  close(): void {
    for (const key of [...this.#rows.keys()]) this.#drop(key);
  }

  #forgetIdle(): boolean {
    for (const [key, row] of this.#rows) {
      if (row.users > 0) continue;
      this.#forget(key);
      return true;
    }
    return false;
  }

  #forget(key: string): void {
    if (this.#drop(key)) this.#onForgotten(key);
  }

  #drop(key: string): boolean {
    const row = this.#rows.get(key);
    if (!row) return false;
    row.expiry?.cancel();
    row.kept.conversation.close();
    row.kept.lease.release();
    return this.#rows.delete(key);
  }
}

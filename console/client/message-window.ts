import type { ChatMessage } from '../../gateway/websocket/protocol.js';
import { clientLimits } from './limits.js';

export type AppendOutcome = 'appended' | 'known' | 'gap';

/**
 * The messages a client holds: an unbroken run of sequence numbers, not necessarily from 1.
 *
 * Holds `clientLimits.messages`; the oldest leave first and can be asked for again.
 */
export class MessageWindow {
  #messages: ChatMessage[] = [];
  /** The number before the first message held. */
  #base = 0;

  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** Number of the newest message that is held or taken as read; 0 before the first. */
  get last(): number {
    return this.#base + this.#messages.length;
  }

  /** True: there are messages before the first one held. */
  get hasOlder(): boolean {
    return this.#base > 0;
  }

  /** Number of the oldest message held; `last + 1` when none is. */
  get first(): number {
    return this.#base + 1;
  }

  get full(): boolean {
    return this.#messages.length >= clientLimits.messages;
  }

  at(seq: number): ChatMessage | undefined {
    return this.#messages[seq - this.#base - 1];
  }

  append(message: ChatMessage): AppendOutcome {
    if (message.seq <= this.last) return 'known';
    if (message.seq > this.last + 1) return 'gap';
    this.#messages.push(message);
    if (this.#messages.length > clientLimits.messages) {
      this.#messages.shift();
      this.#base++;
    }
    return 'appended';
  }

  /** Puts older messages in front: those that join up without a gap, as many as fit. Returns what was added. */
  prepend(older: readonly ChatMessage[]): readonly ChatMessage[] {
    const added: ChatMessage[] = [];
    for (let i = older.length - 1; i >= 0; i--) {
      const message = older[i];
      if (message === undefined || message.seq > this.#base - added.length) continue;
      if (message.seq !== this.#base - added.length) break;
      if (this.#messages.length + added.length >= clientLimits.messages) break;
      added.push(message);
    }
    added.reverse();
    this.#messages = [...added, ...this.#messages];
    this.#base -= added.length;
    return added;
  }

  /** Drops what is past `seq`. False: nothing was. */
  truncate(seq: number): boolean {
    if (seq >= this.last) return false;
    if (seq <= this.#base) this.restart(seq);
    else this.#messages.length = seq - this.#base;
    return true;
  }

  /** Drops everything; the next message is `base + 1`. */
  restart(base: number): void {
    this.#messages = [];
    this.#base = base;
  }
}

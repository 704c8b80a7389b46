import type { ClientFrame } from '../../gateway/websocket/protocol.js';
import { clientLimits } from './limits.js';
import type { ClientClock, ClientTimer } from './ports.js';

/** Tells the server what was got, what was seen and that the person is typing, each not too often. */
export class ReaderSignals {
  readonly #clock: ClientClock;
  readonly #send: (frame: ClientFrame) => void;
  readonly #reached = { delivered: 0, read: 0 };
  readonly #told = { delivered: 0, read: 0 };
  #markTimer: ClientTimer | null = null;
  #typingTimer: ClientTimer | null = null;
  #typingToldMs: number | null = null;

  constructor(clock: ClientClock, send: (frame: ClientFrame) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  get read(): number {
    return this.#reached.read;
  }

  delivered(seq: number): void {
    this.#reached.delivered = Math.max(this.#reached.delivered, seq);
    this.#later();
  }

  seen(seq: number): void {
    this.#reached.read = Math.max(this.#reached.read, seq);
    this.#later();
  }

  /** Another tab or app of the same person has seen it. */
  seenElsewhere(seq: number): void {
    this.#reached.read = Math.max(this.#reached.read, seq);
    this.#told.read = Math.max(this.#told.read, seq);
  }

  /** The person pressed a key. */
  typing(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#typingToldMs === null || nowMs - this.#typingToldMs >= clientLimits.typingAgainMs) {
      this.#typingToldMs = nowMs;
      this.#send({ type: 'typing', on: true });
    }
    this.#typingTimer?.cancel();
    this.#typingTimer = this.#clock.setTimer(() => this.stoppedTyping(), clientLimits.typingIdleMs);
  }

  stoppedTyping(): void {
    this.#typingTimer?.cancel();
    this.#typingTimer = null;
    if (this.#typingToldMs !== null) this.#send({ type: 'typing', on: false });
    this.#typingToldMs = null;
  }

  /** The session has no messages past `seq`, or it is another one (0). */
  lower(seq: number): void {
    for (const marks of [this.#reached, this.#told]) {
      marks.delivered = Math.min(marks.delivered, seq);
      marks.read = Math.min(marks.read, seq);
    }
  }

  /** The connection is gone: what was told may be lost, and nobody sees this person type. */
  disconnected(): void {
    this.#typingTimer?.cancel();
    this.#markTimer?.cancel();
    this.#typingTimer = this.#markTimer = this.#typingToldMs = null;
    this.#told.delivered = this.#told.read = 0;
  }

  #later(): void {
    this.#markTimer ??= this.#clock.setTimer(() => {
      this.#markTimer = null;
      this.#tell('delivered');
      this.#tell('read');
    }, clientLimits.markMs);
  }

  #tell(type: 'delivered' | 'read'): void {
    const seq = this.#reached[type];
    if (seq <= this.#told[type]) return;
    this.#told[type] = seq;
    this.#send({ type, seq });
  }
}

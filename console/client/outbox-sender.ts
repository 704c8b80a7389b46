import type { ClientFrame, ProtocolLimits, ServerFrame } from '../../gateway/websocket/protocol.js';
import { clientLimits } from './limits.js';
import type { EntryFailure, Outbox } from './outbox.js';
import type { ClientClock, ClientTimer } from './ports.js';

export interface OutboxSenderListener {
  send(frame: ClientFrame): void;
  /** No `ack` came: the connection is dead. */
  onSilent(): void;
  onChanged(): void;
}

type RefusalFrame = Extract<ServerFrame, { readonly type: 'error' }>;
type AckFrame = Extract<ServerFrame, { readonly type: 'ack' }>;

/**
 * Sends the outbox over one connection after the other: one message at a time, so that a refusal or a lost connection
 * never changes their order, and not faster than the server wants.
 */
export class OutboxSender {
  readonly #outbox: Outbox;
  readonly #clock: ClientClock;
  readonly #listener: OutboxSenderListener;
  #limits: ProtocolLimits | null = null;
  #current: string | null = null;
  #ackTimer: ClientTimer | null = null;
  #pauseTimer: ClientTimer | null = null;
  /** When the last messages were sent, oldest first; as many as may go in ten seconds. */
  #sentMs: number[] = [];

  constructor(outbox: Outbox, clock: ClientClock, listener: OutboxSenderListener) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** A connection is ready: what was under way goes again. */
  start(limits: ProtocolLimits): void {
    this.stop();
    this.#limits = limits;
    this.pump();
  }

  /** The connection is gone or the session over. */
  stop(): void {
    this.#limits = null;
    this.#settle();
    this.#pauseTimer?.cancel();
    this.#pauseTimer = null;
    this.#outbox.requeue();
  }

  pump(): void {
    if (this.#limits === null || this.#current !== null || this.#pauseTimer !== null) return;
    const entry = this.#outbox.next();
    if (entry === undefined) return;
    if (entry.text.length > this.#limits.textCharacters) {
      this.#fail(entry.id, 'too-long');
      return;
    }
    const waitMs = this.#rateWaitMs(this.#limits.messagesPer10s);
    if (waitMs > 0) {
      this.#pause(waitMs);
      return;
    }
    const { id, text, value } = entry;
    this.#current = id;
    this.#outbox.markSending(id);
    this.#sentMs.push(this.#clock.nowMs());
    this.#ackTimer = this.#clock.setTimer(() => this.#listener.onSilent(), clientLimits.ackMs);
    this.#listener.send({ type: 'message', id, text, ...(value === null ? {} : { value }) });
    this.#listener.onChanged();
  }

  /** `heldSeq`: the newest message that the client holds. */
  onAck({ id, seq }: AckFrame, heldSeq: number): void {
    if (this.#outbox.find(id) === undefined) return;
    if (seq <= heldSeq) this.#outbox.remove(id);
    else this.#outbox.markAcknowledged(id, seq);
    this.#next(id);
  }

  /** The message itself came back. */
  onEcho(id: string): void {
    if (this.#outbox.remove(id)) this.#next(id);
  }

  onRefused(id: string, { code, retryAfterMs }: RefusalFrame): void {
    if (this.#outbox.find(id) === undefined) return;
    if (code === 'rate' || code === 'unavailable' || code === 'unauthorized') {
      this.#settle();
      this.#outbox.requeue();
      this.#pause(Math.min(retryAfterMs ?? clientLimits.retryMs, clientLimits.retryMostMs));
      this.#listener.onChanged();
    } else this.#fail(id, code === 'bad-frame' ? 'refused' : code);
  }

  #fail(id: string, failure: EntryFailure): void {
    this.#outbox.markFailed(id, failure);
    this.#next(id);
  }

  #next(id: string): void {
    if (this.#current === id) this.#settle();
    this.#listener.onChanged();
    this.pump();
  }

  #settle(): void {
    this.#current = null;
    this.#ackTimer?.cancel();
    this.#ackTimer = null;
  }

  #pause(delayMs: number): void {
    this.#pauseTimer?.cancel();
    this.#pauseTimer = this.#clock.setTimer(() => {
      this.#pauseTimer = null;
      this.pump();
    }, delayMs);
  }

  #rateWaitMs(messagesPer10s: number): number {
    const nowMs = this.#clock.nowMs();
    this.#sentMs = this.#sentMs.filter((sentMs) => nowMs - sentMs < 10_000).slice(-messagesPer10s);
    const [oldest] = this.#sentMs;
    return oldest === undefined || this.#sentMs.length < messagesPer10s ? 0 : oldest + 10_000 - nowMs;
  }
}
